package parts

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/runner"
)

// fakeRunner answers commands by what their quoted line begins with, and keeps
// what it was asked.
type fakeRunner struct {
	answers []answer
	asked   []runner.Command
}

type answer struct {
	begins string
	out    string // on stdout, and in the log
	err    error
	do     func(c runner.Command) error // what the command does to the machine
}

func (f *fakeRunner) Run(_ context.Context, c runner.Command) (string, error) {
	f.asked = append(f.asked, c)
	line := runner.Quote(c.Args)
	for _, a := range f.answers {
		if !strings.HasPrefix(line, a.begins) {
			continue
		}
		if c.Log != nil {
			fmt.Fprint(c.Log, a.out)
		}
		if a.do != nil {
			if err := a.do(c); err != nil {
				return "", err
			}
		}
		return a.out, a.err
	}
	return "", fmt.Errorf("the test did not expect %s", line)
}

// lines are the commands that were run, with dir as DIR.
func (f *fakeRunner) lines(dir string) []string {
	var lines []string
	for _, c := range f.asked {
		lines = append(lines, strings.ReplaceAll(runner.Quote(c.Args), dir, "DIR"))
	}
	return lines
}

// bench is a builder for a machine and a checkout below dir, with notes and
// remarks that were made.
type bench struct {
	Builder
	run            *fakeRunner
	dir            string
	notes, remarks *[]string
}

func newBench(t *testing.T, answers ...answer) bench {
	t.Helper()
	dir := t.TempDir()
	run := &fakeRunner{answers: answers}
	notes, remarks := new([]string), new([]string)
	b := bench{run: run, dir: dir, notes: notes, remarks: remarks, Builder: Builder{
		Machine: Machine{Root: dir + "/machine", Path: "/usr/sbin:/usr/bin", PulumiHome: dir + "/pulumi"},
		Source:  dir + "/source", Cache: dir + "/cache", Runner: run, Log: io.Discard, Work: &Work{},
		Note:   func(s string) { *notes = append(*notes, s) },
		Remark: func(s string) { *remarks = append(*remarks, s) },
	}}
	for _, p := range goParts {
		file(t, filepath.Join(b.Source, p.module, "go.mod"), "module "+p.module)
	}
	file(t, b.envoyPins(), "# Envoy.\nenvoy-server==1.40.0 --hash=sha256:aa\n")
	return b
}

// file writes an executable file and the folders above it.
func file(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

// command puts a command on the machine and returns its path.
func (b bench) command(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(b.Root, "/usr/bin", name)
	file(t, path, name)
	return path
}

// install is what apt-get does for packages of the table.
func (b bench) install(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		switch name {
		case "containernetworking-plugins":
			for _, plugin := range []string{"bridge", "host-local", "loopback", "portmap"} {
				file(t, filepath.Join(b.Root, "/usr/lib/cni", plugin), plugin)
			}
		case "ca-certificates":
			file(t, b.Certificates(), "certificates")
		default:
			for _, p := range debianPackages {
				if p.name == name || p.later == name {
					b.command(t, p.command)
				}
			}
		}
	}
}

func allPackages() []string {
	var names []string
	for _, p := range debianPackages {
		names = append(names, p.name)
	}
	return names
}

// folderOf is where the named part is kept once it is built.
func (b bench) folderOf(t *testing.T, name string) string {
	t.Helper()
	for _, p := range goParts {
		if p.name == name {
			key, err := b.key(p)
			if err != nil {
				t.Fatal(err)
			}
			return b.folder(name, key)
		}
	}
	t.Fatalf("there is no part %q", name)
	return ""
}
