package images

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/golden"

	"github.com/google/go-cmp/cmp"
)

// machine makes a folder with all that the images are composed of, and a runner
// that knows which of it is linked against what.
func machine(t *testing.T) (Folders, *fakeRunner) {
	t.Helper()
	dir := t.TempDir()
	files(t, dir, map[string]string{
		"parts/pause/pause": "pause", "parts/cluster/pilot-discovery": "pilot", "parts/agent/pilot-agent": "agent", "parts/envoy/envoy": "envoy",
		"istio/tools/packaging/common/envoy_bootstrap.json": "{}",
		"go/go.env":                         "GOPROXY=off",
		"go/VERSION":                        "go1.26",
		"go/bin/go":                         "go",
		"go/lib/time/zone":                  "zone",
		"go/pkg/tool/asm":                   "asm",
		"go/src/fmt/p.go":                   "package fmt",
		"etc/ssl/certs/ca-certificates.crt": "certificates",
		"usr/sbin/xtables-nft-multi":        "iptables",
		"usr/lib/x86_64-linux-gnu/xtables/libxt_a.so": "a",
		"usr/lib/x86_64-linux-gnu/xtables/libxt_b.so": "-> libxt_a.so",
		"usr/lib/x86_64-linux-gnu/libc.so.6":          "-> libc-2.so",
		"usr/lib/x86_64-linux-gnu/libc-2.so":          "libc",
		"lib64/ld-linux-x86-64.so.2":                  "loader",
		"usr/lib/x86_64-linux-gnu/libxtables.so.12":   "libxtables",
		"bin/sh": "-> dash", "bin/dash": "dash",
		"bin/mkdir": "mkdir", "bin/cp": "cp", "bin/mv": "mv", "bin/rm": "rm", "bin/ls": "ls", "bin/cat": "cat", "bin/env": "env",
	})
	libc := "\tlinux-vdso.so.1 (0x00007fff)\n\tlibc.so.6 => /usr/lib/x86_64-linux-gnu/libc.so.6 (0x00007f)\n\t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n"
	run := &fakeRunner{answers: map[string]answer{
		"ldd " + dir + "/parts/envoy/envoy":          {out: libc},
		"ldd " + dir + "/usr/sbin/xtables-nft-multi": {out: "\tlibxtables.so.12 => /usr/lib/x86_64-linux-gnu/libxtables.so.12 (0x1)\n" + libc},
	}}
	for _, tool := range []string{"sh", "mkdir", "cp", "mv", "rm", "ls", "cat", "env"} {
		run.answers["ldd "+dir+"/bin/"+tool] = answer{out: libc}
	}
	return Folders{
		Cluster: dir + "/parts/cluster", Agent: dir + "/parts/agent", Envoy: dir + "/parts/envoy", Pause: dir + "/parts/pause",
		Istio: dir + "/istio", GoRoot: dir + "/go", Iptables: dir + "/usr/sbin/xtables-nft-multi", Root: dir,
	}, run
}

func TestImagesHoldTheFilesOfTheGoldenLists(t *testing.T) {
	for name, image := range map[string]func(Folders) Image{
		"pause":  func(f Folders) Image { return Pause("r/pause:1", f) },
		"pilot":  func(f Folders) Image { return Pilot("r/istio/pilot:1", f) },
		"proxy":  func(f Folders) Image { return Proxy("r/istio/proxyv2:1", f) },
		"golang": func(f Folders) Image { return Golang("golang:1.26", "key", f) },
	} {
		t.Run(name, func(t *testing.T) {
			f, run := machine(t)
			i := image(f)
			var archive, again bytes.Buffer
			if err := i.write(t.Context(), run, &archive); err != nil {
				t.Fatal(err)
			}
			if err := i.write(t.Context(), run, &again); err != nil || !bytes.Equal(archive.Bytes(), again.Bytes()) {
				t.Errorf("the same files make another image (%v)", err)
			}
			got := i.Reference + "\n" + strings.Join(i.Changes, "\n") + "\n\n" + listing(t, archive.Bytes())
			golden.Check(t, name+".txt", got)
		})
	}
}

func TestLibrariesAreThePathsInTheOutputOfLdd(t *testing.T) {
	tests := []struct {
		name, output string
		want         []string
	}{
		{"a dynamic binary",
			"\tlinux-vdso.so.1 (0x00007ffd)\n\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f2)\n\t/lib64/ld-linux-x86-64.so.2 (0x00007f3)\n",
			[]string{"/lib/x86_64-linux-gnu/libm.so.6", "/lib64/ld-linux-x86-64.so.2"}},
		{"more than one binary", "/bin/sh:\n\tlibc.so.6 => /lib/libc.so.6 (0x1)\n", []string{"/lib/libc.so.6"}},
		{"a library that is missing", "\tlibx.so => not found\n", nil},
		{"a static binary", "\tstatically linked\n", nil},
		{"nothing", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, lddFiles(tt.output)); diff != "" {
				t.Errorf("libraries (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAStaticBinaryIsCopiedAlone(t *testing.T) {
	dir := t.TempDir()
	files(t, dir, map[string]string{"tool": "tool"})
	run := &fakeRunner{answers: map[string]answer{"ldd " + dir + "/tool": static}}
	var archive bytes.Buffer
	if err := (Image{Binaries: map[string]string{"bin/tool": dir + "/tool"}}).write(t.Context(), run, &archive); err != nil {
		t.Fatal(err)
	}
	want := "dtrwxrwxrwx    0 tmp/\ndrwxr-xr-x    0 bin/\n-rwxr-xr-x    4 bin/tool\n"
	if diff := cmp.Diff(want, listing(t, archive.Bytes())); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([][]string{{"LC_ALL=C"}}, run.env); diff != "" {
		t.Errorf("environment of ldd, whose words we read (-want +got):\n%s", diff)
	}
}

// A user's umask shows in what was built and in a Go that was unpacked by hand;
// an image is run by other users.
func TestModesAreFixed(t *testing.T) {
	dir := t.TempDir()
	files(t, dir, map[string]string{"tool": "tool", "text": "text", "tree/tool": "tool", "tree/text": "text"})
	for name, mode := range map[string]os.FileMode{"tool": 0o700, "text": 0o600, "tree/tool": 0o4710, "tree/text": 0o640, "tree": 0o700} {
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	var archive bytes.Buffer
	run := &fakeRunner{answers: map[string]answer{"ldd " + dir + "/tool": static}}
	i := Image{Binaries: map[string]string{"bin": dir + "/tool"}, Files: map[string]string{"file": dir + "/text"}, Trees: map[string]string{"tree": dir + "/tree"}}
	if err := i.write(t.Context(), run, &archive); err != nil {
		t.Fatal(err)
	}
	want := "dtrwxrwxrwx    0 tmp/\n-rwxr-xr-x    4 bin\n-rw-r--r--    4 file\ndrwxr-xr-x    0 tree/\n-rw-r--r--    4 tree/text\n-rwxr-xr-x    4 tree/tool\n"
	if diff := cmp.Diff(want, listing(t, archive.Bytes())); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// Debian's GOROOT/src leads to /usr/share; others link folders further down.
func TestATreeIsCopiedThroughLinks(t *testing.T) {
	dir := t.TempDir()
	files(t, dir, map[string]string{
		"share/src/fmt/print.go": "package fmt", "go/src": "-> ../share/src", "go/pkg/include": "-> ../../share/include",
		"share/include/a.h": "a", "share/include/b.h": "-> a.h",
		"go/pkg/up": "-> ..", "go/pkg/self": "-> self", "go/pkg/nowhere": "-> missing", "go/pkg/plain": "plain",
	})
	var archive bytes.Buffer
	i := Image{Trees: map[string]string{"go/src": dir + "/go/src", "go/pkg": dir + "/go/pkg"}}
	if err := i.write(t.Context(), nil, &archive); err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(listing(t, archive.Bytes())) {
		if name := strings.Fields(line)[2]; !strings.HasSuffix(name, "/") && !strings.HasPrefix(name, "go/pkg/up/") {
			names = append(names, name)
		}
	}
	want := []string{"go/pkg/include/a.h", "go/pkg/include/b.h", "go/pkg/plain", "go/src/fmt/print.go"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestAnImageThatCannotBeWrittenNamesTheFile(t *testing.T) {
	dir := t.TempDir()
	files(t, dir, map[string]string{"tool": "tool"})
	broken := errors.New("broken")
	tests := []struct {
		name  string
		image Image
		want  string
	}{
		{"a binary that is missing", Image{Binaries: map[string]string{"b": dir + "/no"}}, "copying into the image: open " + dir + "/no: "},
		{"a file that is missing", Image{Files: map[string]string{"f": dir + "/no"}}, "copying into the image: open " + dir + "/no: "},
		{"a tree that is missing", Image{Trees: map[string]string{"t": dir + "/no"}}, "copying into the image: stat " + dir + "/no: "},
		{"a folder in the place of a file", Image{Files: map[string]string{"f": dir}}, `copying "` + dir + `" into the image: `},
		{"a text in the place of a file", Image{Files: map[string]string{"f": dir + "/tool"}, Texts: map[string]string{"/f": "text"}}, `writing the image: it has two files "f"`},
		{"a link in the place of a text", Image{Texts: map[string]string{"f": "text"}, Links: map[string]string{"f": "g"}}, `writing the image: it has two files "f"`},
		{"a binary that ldd cannot read", Image{Binaries: map[string]string{"b": dir + "/tool"}}, `listing the libraries of "` + dir + `/tool": broken`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			run := &fakeRunner{answers: map[string]answer{"ldd " + dir + "/tool": {err: broken}}}
			err := tt.image.write(context.Background(), run, &bytes.Buffer{})
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
