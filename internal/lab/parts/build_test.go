package parts

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"istio-circuit-breaker/internal/runner"
)

// builds answers for a part that compiles: five packages, one of them there
// already.
func builds() []answer {
	return []answer{
		{begins: "go list -deps", out: "a\t\t\t\tp\nb\t\t\t\tp\nc\t\t\t\tp\nd\t\t\t\tp\ne\t\t\ta,b,c,d\tp\n"},
		{begins: "go build -v", out: "a\nb\nc\nd\n", do: func(c runner.Command) error {
			for i, arg := range c.Args {
				if arg == "-o" {
					return os.WriteFile(c.Args[i+1]+"binary", nil, 0o755)
				}
			}
			return errors.New("no -o")
		}},
	}
}

func TestAPartIsBuiltOnceIntoAFolderOfItsContent(t *testing.T) {
	b := newBench(t, builds()...)
	folder, err := b.Go(t.Context(), "provider")
	if err != nil {
		t.Fatal(err)
	}
	if folder != b.folderOf(t, "provider") || !there(folder+"/binary") {
		t.Errorf("got folder %q", folder)
	}
	want := []string{
		"go build -v -tags= '-ldflags=-s -w -X main.version=" + providerVersion + "' -o TEMP/ istio-circuit-breaker/lab/parts/provider",
	}
	got := b.run.lines(b.dir)
	for i, line := range got {
		got[i] = regexp.MustCompile(`DIR/cache/\.provider-\d+/`).ReplaceAllString(line, "TEMP/")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
	for _, c := range b.run.asked {
		if c.Dir != b.Source+"/lab/parts/provider" {
			t.Errorf("%s: run in %q", runner.Quote(c.Args), c.Dir)
		}
		if diff := cmp.Diff(buildEnvironment(), c.Env); diff != "" {
			t.Errorf("environment (-want +got):\n%s", diff)
		}
	}
	if diff := cmp.Diff([]string(nil), *b.notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}

	b.run.asked, *b.remarks = nil, nil
	again, err := b.Go(t.Context(), "provider")
	if err != nil || again != folder || len(b.run.asked) > 0 {
		t.Errorf("again: got %q and %v, and ran %q", again, err, b.run.lines(b.dir))
	}
	if diff := cmp.Diff([]string{"in the cache"}, *b.remarks); diff != "" {
		t.Errorf("remarks (-want +got):\n%s", diff)
	}
}

func TestTheAgentIsBuiltWithItsTag(t *testing.T) {
	b := newBench(t, builds()...)
	if _, err := b.Go(t.Context(), "agent"); err != nil {
		t.Fatal(err)
	}
	for _, line := range b.run.lines(b.dir) {
		if !strings.Contains(line, " -tags=agent ") {
			t.Errorf("got %q", line)
		}
	}
}

func TestAFailedBuildLeavesNothingAndSaysWhatFailed(t *testing.T) {
	broken := &runner.Error{Args: []string{"go"}, Output: "no such host", Cause: errors.New("exit status 1")}
	b := newBench(t, answer{begins: "go build", err: broken})
	folder, err := b.Go(t.Context(), "docker")
	if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), `compiling part "docker": running`) || folder != "" {
		t.Errorf("got %q and %v", folder, err)
	}
	if left, err := os.ReadDir(b.Cache); err != nil || len(left) > 0 {
		t.Errorf("left in the cache: %v, %v", left, err)
	}
	b = newBench(t)
	if _, err := b.Go(t.Context(), "nonsense"); err == nil || err.Error() != `building part "nonsense": there is no such part` {
		t.Errorf("got %v", err)
	}
}

func TestTheKeyIsThatOfTheContent(t *testing.T) {
	tests := []struct {
		name   string
		change func(t *testing.T, b bench)
		other  bool
	}{
		{"nothing", func(*testing.T, bench) {}, false},
		{"a source file", func(t *testing.T, b bench) { file(t, b.Source+"/lab/parts/docker/main.go", "package other") }, true},
		{"a new source file", func(t *testing.T, b bench) { file(t, b.Source+"/lab/parts/docker/sub/new.go", "package sub") }, true},
		{"a file that is renamed", func(t *testing.T, b bench) {
			if err := os.Rename(b.Source+"/lab/parts/docker/main.go", b.Source+"/lab/parts/docker/other.go"); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"a pin", func(t *testing.T, b bench) { file(t, b.Source+"/lab/parts/docker/go.mod", "module docker // v2") }, true},
		{"a checksum", func(t *testing.T, b bench) { file(t, b.Source+"/lab/parts/docker/go.sum", "h1:other") }, true},
		{"a test", func(t *testing.T, b bench) { file(t, b.Source+"/lab/parts/docker/main_test.go", "package main") }, false},
		{"a text", func(t *testing.T, b bench) { file(t, b.Source+"/lab/parts/docker/README.md", "hello") }, false},
		{"another part", func(t *testing.T, b bench) { file(t, b.Source+"/lab/parts/provider/main.go", "package main") }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			file(t, b.Source+"/lab/parts/docker/main.go", "package main")
			before := b.folderOf(t, "docker")
			tt.change(t, b)
			if other := b.folderOf(t, "docker") != before; other != tt.other {
				t.Errorf("another key: %v, want %v", other, tt.other)
			}
		})
	}
	b := newBench(t)
	// Two parts may share a module and differ in what is built of it.
	keys := map[string]bool{}
	parts := []goPart{{}, {tags: "agent"}, {packages: []string{"./kube"}}, {ldflags: "-X main.version=1"}}
	for _, p := range parts {
		p.module = "lab/parts/docker"
		key, err := b.key(p)
		if err != nil {
			t.Fatal(err)
		}
		keys[key] = true
	}
	if len(keys) != len(parts) {
		t.Errorf("got %d keys of %d parts of one module", len(keys), len(parts))
	}
	if err := os.RemoveAll(b.Source); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Go(t.Context(), "docker"); err == nil || !strings.HasPrefix(err.Error(), `building part "docker": hashing its sources: `) {
		t.Errorf("without sources: got %v", err)
	}
}

func TestLinesAreWholeWhereverTheyAreCut(t *testing.T) {
	var got []string
	l := &lines{to: func(line string) { got = append(got, line) }}
	for _, chunk := range []string{"a\nb", "", "c", "\n", "d\ne\nf\ng"} {
		if n, err := l.Write([]byte(chunk)); n != len(chunk) || err != nil {
			t.Errorf("writing %q: got %d and %v", chunk, n, err)
		}
	}
	if diff := cmp.Diff([]string{"a", "bc", "d", "e", "f"}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestModuleFolderIsThatOfTheClustersDependency(t *testing.T) {
	b := newBench(t, answer{begins: "go list -m -f '{{.Dir}}' istio.io/istio", out: "/mod/istio\n"})
	if got, err := b.ModuleFolder(t.Context(), "istio.io/istio"); err != nil || got != "/mod/istio" {
		t.Errorf("got %q and %v", got, err)
	}
	if dir := b.run.asked[0].Dir; dir != b.Source+"/lab/parts/cluster" {
		t.Errorf("asked in %q", dir)
	}
	if _, err := b.ModuleFolder(t.Context(), "other"); err == nil || !strings.HasPrefix(err.Error(), `finding the folder of module "other": `) {
		t.Errorf("got %v", err)
	}
}

// What is there in the checkout that the table names, and the versions that the
// linker writes into commands, against those that are compiled.
func TestTheTableAgreesWithTheModules(t *testing.T) {
	checkout := "../../.."
	pins := func(module string) string {
		content, err := os.ReadFile(filepath.Join(checkout, module, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	for _, tt := range []struct{ what, module, path, version string }{
		{"Kubernetes", "lab/parts/cluster", "k8s.io/kubernetes", kubernetesVersion},
		{"Pulumi", "lab/parts/cluster", "github.com/pulumi/pulumi/pkg/v3", pulumiVersion},
		{"Pulumi's SDK", "", "github.com/pulumi/pulumi/sdk/v3", pulumiVersion},
		{"Kubernetes provider", "", "github.com/pulumi/pulumi-kubernetes/sdk/v4", "v" + providerVersion},
		{"Docker provider", "", "github.com/pulumi/pulumi-docker/sdk/v4", "v" + dockerVersion},
	} {
		m := regexp.MustCompile(`(?m)^\s*(?:require )?` + regexp.QuoteMeta(tt.path) + ` (\S+)`).FindStringSubmatch(pins(tt.module))
		if m == nil || m[1] != tt.version {
			t.Errorf("%s: %s/go.mod has %q, the table %q", tt.what, tt.module, m, tt.version)
		}
	}
	minor := regexp.MustCompile(`gitMinor=(\d+)`).FindStringSubmatch(goParts[0].ldflags)
	if minor == nil || !strings.HasPrefix(kubernetesVersion, "v1."+minor[1]+".") {
		t.Errorf("minor version for the linker: got %q, want that of %s", minor, kubernetesVersion)
	}
	built := map[string]bool{}
	for _, p := range goParts {
		if p.module != "lab/pause" && pins(p.module) == "" {
			t.Errorf("part %s: no module in %s", p.name, p.module)
		}
		for _, pkg := range p.packages {
			if strings.HasPrefix(pkg, "./") && !there(filepath.Join(checkout, p.module, pkg)) {
				t.Errorf("part %s: no folder %s", p.name, pkg)
			}
			built[p.name+" "+filepath.Base(pkg)] = true
		}
	}
	for name, l := range links {
		if !built[l.part+" "+l.binary] {
			t.Errorf("command %s: part %s does not build %s", name, l.part, l.binary)
		}
	}
	for name := range fitting {
		if _, ok := links[name]; !ok {
			t.Errorf("command %s is looked for and not provided", name)
		}
	}
}
