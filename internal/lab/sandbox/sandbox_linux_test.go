package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"istio-circuit-breaker/internal/wait"
)

// trial is a sandbox with one daemon in it, in a folder of its own.
type trial struct {
	Sandbox
	dir, plan, log string
	here           string // the address of this machine at which its daemon answers
}

// database is a daemon that takes its time to write its data out.
const database = `trap 'sleep 0.2; echo whole > "$1/data"; exit 0' TERM; : > "$1/ready"; while :; do sleep 0.05; done`

// try starts a real sandbox.
func try(t *testing.T) trial {
	t.Helper()
	needsSandbox(t)
	dir := t.TempDir()
	for _, name := range []string{"covered", "ours", "emptied", "masks"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name, "file"), name+"\n")
	}
	tr := trial{dir: dir, plan: filepath.Join(dir, "plan.json"), log: filepath.Join(dir, "supervisor.log")}
	plan, err := json.Marshal(Plan{
		Network: Network{Bridge: "test0", BridgeCIDR: "198.18.0.1/16", ServiceCIDR: "198.19.0.0/16"},
		Binds:   map[string]string{dir + "/covered": dir + "/ours"},
		Tmpfs:   []string{dir + "/emptied"},
		Masks:   dir + "/masks",
		Daemons: []Daemon{
			{Name: "daemon", Args: []string{"/proc/self/exe", "daemon", dir}, Env: []string{"DAEMON=one"}, Log: dir + "/daemon.log", Inherits: []int{0}},
			{Name: "missing", Args: []string{"/no/such/command"}, Log: dir + "/missing.log"},
			{Name: "database", Args: []string{"/bin/sh", "-c", database, "database", dir}, Log: dir + "/database.log", Outlived: true},
		},
		Handed:  1,
		Failing: dir + "/failing.json",
	})
	if err != nil {
		t.Fatal(err)
	}
	write(t, tr.plan, string(plan))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() // the supervisor has it
	tr.here = listener.Addr().String()
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	if tr.Sandbox, err = Start("/proc/self/exe", tr.args(), tr.log, socket); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tr.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	until(t, "the daemon to answer", tr.answers)
	until(t, "the database to be one that can be stopped", func() error {
		_, err := os.Stat(filepath.Join(dir, "ready"))
		return err
	})
	return tr
}

func (tr trial) args() []string { return []string{"supervise", tr.plan} }

// answers says whether the daemon does, asked inside of the sandbox's network.
func (tr trial) answers() error {
	conn, err := tr.Dial(daemonAddress, time.Second)
	if err != nil {
		log, _ := os.ReadFile(tr.log)
		return fmt.Errorf("%w; the supervisor says:\n%s", err, log)
	}
	defer conn.Close()
	said, err := io.ReadAll(conn)
	if err == nil && string(said) != "hello" {
		err = fmt.Errorf("it says %q", said)
	}
	return err
}

// processes lists those that have the trial's folder among their arguments.
func (tr trial) processes(t *testing.T, role string) []int {
	t.Helper()
	var found []int
	if err := processes(func(pid int, dir string) {
		line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err == nil && strings.Contains(string(line), "\x00"+role+"\x00"+tr.dir) {
			found = append(found, pid)
		}
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func until(t *testing.T, what string, check func() error) {
	t.Helper()
	if err := wait.For(t.Context(), what, within, 10*time.Millisecond, func(context.Context) error { return check() }); err != nil {
		t.Fatal(err)
	}
}

func TestItsNetworkIsItsOwn(t *testing.T) {
	before := interfaces(t)
	tr := try(t)
	if conn, err := net.DialTimeout("tcp", daemonAddress, time.Second); err == nil {
		conn.Close()
		t.Errorf("%s answers outside of the sandbox", daemonAddress)
	}
	if diff := cmp.Diff(before, interfaces(t)); diff != "" {
		t.Errorf("interfaces of the host (-before +now):\n%s", diff)
	}
	enter := tr.Enter("ip", "-brief", "address", "show", "test0")
	out, err := exec.Command(enter[0], enter[1:]...).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "198.18.0.1/16") {
		t.Errorf("running %q: got %q and %v, want the bridge with its address", enter, out, err)
	}
}

func interfaces(t *testing.T) []string {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, i := range all {
		names = append(names, i.Name)
	}
	return names
}

func TestFoldersAndSettingsAreCoveredInsideAlone(t *testing.T) {
	mounts, overcommit := read(t, "/proc/self/mountinfo"), read(t, "/proc/sys/vm/overcommit_memory")
	tr := try(t)
	want := "ours\nmissing\n1\n10\n1\n"
	if diff := cmp.Diff(want, read(t, tr.dir+"/sees")); diff != "" {
		t.Errorf("what the daemon sees (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(mounts, read(t, "/proc/self/mountinfo")); diff != "" {
		t.Errorf("mounts of the host (-before +now):\n%s", diff)
	}
	if got := read(t, "/proc/sys/vm/overcommit_memory"); got != overcommit {
		t.Errorf("setting of the host: got %q, want it as it was, %q", got, overcommit)
	}
	if got := read(t, tr.dir+"/covered/file") + read(t, tr.dir+"/emptied/file"); got != "covered\nemptied\n" {
		t.Errorf("folders of the host hold %q", got)
	}
}

func TestADaemonThatEndsIsStartedAgain(t *testing.T) {
	tr := try(t)
	pids := tr.processes(t, "daemon")
	if len(pids) != 1 {
		t.Fatalf("got processes %v, want one daemon", pids)
	}
	if err := syscall.Kill(pids[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	until(t, "the daemon to be there again", func() error {
		if now := tr.processes(t, "daemon"); len(now) != 1 || now[0] == pids[0] {
			return fmt.Errorf("processes are %v", now)
		}
		return tr.answers()
	})
	if got, want := read(t, tr.dir+"/starts"), "started with \"one\"\nstarted with \"one\"\n"; got != want {
		t.Errorf("starts: got %q, want %q", got, want)
	}
	for _, want := range []string{"daemon=daemon", `exit="signal: killed"`, "daemon=missing", "no such file or directory"} {
		if log := read(t, tr.log); !strings.Contains(log, want) {
			t.Errorf("the supervisor's log lacks %q:\n%s", want, log)
		}
	}
}

func TestOrphansAreReaped(t *testing.T) {
	tr := try(t)
	until(t, "the supervisor to have two children, the daemons", func() error {
		var children []string
		if err := processes(func(pid int, _ string) {
			if parent(pid) == tr.PID {
				fields, err := stat(pid)
				children = append(children, fmt.Sprint(pid, fields, err))
			}
		}); err != nil {
			return err
		}
		if len(children) != 2 {
			return fmt.Errorf("children are %q", children)
		}
		return nil
	})
}

// A child has its parent's arguments until it has become something else.
func TestAProcessIsFoundWithoutItsChildren(t *testing.T) {
	args := []string{"-c", `(while :; do sleep 0.05; done) & wait "$!" # ` + t.TempDir()}
	shell := exec.Command("/bin/sh", args...)
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(-shell.Process.Pid, syscall.SIGKILL); _ = shell.Wait() })
	until(t, "the shell to have a child", func() error {
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", shell.Process.Pid, shell.Process.Pid))
		if err == nil && len(children) == 0 {
			err = errors.New("it has none")
		}
		return err
	})
	if found, err := Find(args); err != nil || len(found) != 1 || found[0].PID != shell.Process.Pid {
		t.Errorf("got %+v and %v, want process %d alone", found, err, shell.Process.Pid)
	}
}

func TestASandboxIsFoundByItsArguments(t *testing.T) {
	tr := try(t)
	found, err := Find(tr.args())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Sandbox{tr.Sandbox}, found); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	for _, other := range [][]string{{"supervise", tr.plan + "x"}, {"supervise"}, nil} {
		if found, err := Find(other); err != nil || len(found) > 0 {
			t.Errorf("by %q: got %v and %v, want none", other, found, err)
		}
	}
	if err := tr.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found, err := Find(tr.args()); err != nil || len(found) > 0 {
		t.Errorf("after its end: got %v and %v, want none", found, err)
	}
}

func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestASupervisorThatCannotSetUpSaysWhy(t *testing.T) {
	needsSandbox(t)
	tests := []struct{ name, plan, want string }{
		{"no plan", "", "reading the supervisor's plan: open "},
		{"no JSON", "{", "decoding the supervisor's plan "},
		{"a folder that is not there", `{"masks": "DIR", "binds": {"DIR/no": "DIR"}}`, `covering "DIR/no" by "DIR": no such file or directory`},
		{"no folder for masks", `{"masks": "DIR/no"}`, "writing mask: open DIR/no/"},
		{"a bad network", `{"masks": "DIR", "network": {"bridge": "a-name-that-is-too-long"}}`, "making the lab's network with `ip link add name a-name-that-is-too-long type bridge`: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			plan, log := filepath.Join(dir, "plan.json"), filepath.Join(dir, "log")
			if tt.plan != "" {
				write(t, plan, strings.ReplaceAll(tt.plan, "DIR", dir))
			}
			s, err := Start("/proc/self/exe", []string{"supervise", plan}, log)
			// It may be gone before Start has seen it.
			if err != nil && !strings.HasSuffix(err.Error(), "has ended") {
				t.Fatal(err)
			}
			until(t, "the supervisor to end", func() error {
				if err == nil && s.Alive() {
					return errors.New("it runs")
				}
				return nil
			})
			if want := strings.ReplaceAll(tt.want, "DIR", dir); !strings.Contains(read(t, log), want) {
				t.Errorf("log: got %q, want %q in it", read(t, log), want)
			}
		})
	}
}
