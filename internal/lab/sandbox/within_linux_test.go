package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// pair is a sandbox with another one in it, which has a daemon.
type pair struct {
	Sandbox
	dir, inner, off string
}

// innerAddress is where the daemon of the inner sandbox listens.
const innerAddress = "198.18.1.1:7000"

func tryPair(t *testing.T) pair {
	t.Helper()
	needsSandbox(t)
	dir := t.TempDir()
	p := pair{dir: dir, inner: dir + "/inner.json", off: dir + "/off"}
	for _, name := range []string{"/masks", "/inner-masks"} {
		if err := os.Mkdir(dir+name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	plans := map[string]Plan{
		dir + "/outer.json": {
			Masks: dir + "/masks", Failing: dir + "/failing.json",
			Network: Network{
				Bridge: "test0", BridgeCIDR: "198.18.0.1/24", ServiceCIDR: "198.19.0.0/16",
				Uplink: &Uplink{Device: "nodes0", CIDR: "198.18.255.1/24", Bridge: true},
				Routes: []Route{{"198.18.1.0/24", "198.18.255.2"}},
			},
			Daemons: []Daemon{{
				Name: "inner", Args: append([]string{"/proc/self/exe"}, p.args()...), Log: dir + "/inner.log",
				Within: &Joint{Bridge: "nodes0", Port: "inner", Device: "eth0"}, Off: p.off,
			}},
		},
		p.inner: {
			Masks: dir + "/inner-masks",
			Network: Network{
				Bridge: "test0", BridgeCIDR: "198.18.1.1/24", ServiceCIDR: "198.19.0.0/16",
				Uplink: &Uplink{Device: "eth0", CIDR: "198.18.255.2/24"},
				Routes: []Route{{"198.18.0.0/24", "198.18.255.1"}},
			},
			Daemons: []Daemon{{Name: "greeter", Args: []string{"/proc/self/exe", "greet", innerAddress}, Log: dir + "/greeter.log"}},
		},
	}
	for file, plan := range plans {
		content, err := json.Marshal(plan)
		if err != nil {
			t.Fatal(err)
		}
		write(t, file, string(content))
	}
	var err error
	if p.Sandbox, err = Start("/proc/self/exe", []string{"supervise", dir + "/outer.json"}, dir+"/outer.log"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	until(t, "the inner sandbox's daemon to answer", p.answers)
	return p
}

func (p pair) args() []string { return []string{"supervise", p.inner} }

// answers says whether the inner sandbox's daemon does, asked in the outer one.
func (p pair) answers() error {
	conn, err := p.Dial(innerAddress, time.Second)
	if err != nil {
		outer, _ := os.ReadFile(p.dir + "/outer.log")
		inner, _ := os.ReadFile(p.dir + "/inner.log")
		return fmt.Errorf("%w; the supervisors say:\n%s\n%s", err, outer, inner)
	}
	defer conn.Close()
	said, err := io.ReadAll(conn)
	if err == nil && string(said) != "hello" {
		err = fmt.Errorf("it says %q", said)
	}
	return err
}

// running is the inner sandbox's supervisor.
func (p pair) running(t *testing.T) []Sandbox {
	t.Helper()
	found, err := Find(p.args())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestASandboxWithinAnotherHasANetworkOfItsOwn(t *testing.T) {
	before := interfaces(t)
	p := tryPair(t)
	inner := p.running(t)
	if len(inner) != 1 {
		t.Fatalf("got %v, want one", inner)
	}
	for _, kind := range []string{"net", "mnt", "pid", "ipc"} {
		ours, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", p.PID, kind))
		theirs, errTheirs := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", inner[0].PID, kind))
		if err != nil || errTheirs != nil || ours == theirs {
			t.Errorf("namespace %s: got %q and %q, %v and %v", kind, ours, theirs, err, errTheirs)
		}
	}
	enter := inner[0].Enter("ip", "route", "get", "198.18.0.9")
	out, err := exec.Command(enter[0], enter[1:]...).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "198.18.0.9 via 198.18.255.1 dev eth0 src 198.18.255.2") {
		t.Errorf("the way back: got %q and %v", out, err)
	}
	if diff := cmp.Diff(before, interfaces(t)); diff != "" {
		t.Errorf("interfaces of the host (-before +now):\n%s", diff)
	}
}

func TestASandboxWithinAnotherIsKilledAndStartedAgain(t *testing.T) {
	p := tryPair(t)
	for range 2 {
		before := p.running(t)
		if len(before) != 1 {
			t.Fatalf("running: got %v, want one", before)
		}
		write(t, p.off, "")
		if err := p.Reload(); err != nil {
			t.Fatal(err)
		}
		until(t, "the inner sandbox to end", func() error {
			if left := p.running(t); before[0].Alive() || len(left) > 0 {
				return fmt.Errorf("there is %v, and %v lives: %v", left, before, before[0].Alive())
			}
			return nil
		})
		if err := p.answers(); err == nil {
			t.Error("its daemon answers")
		}
		if failing, err := ReadFailing(p.dir + "/failing.json"); err != nil || len(failing) > 0 {
			t.Errorf("what was switched off is told as failing: %v and %v", failing, err)
		}
		if err := os.Remove(p.off); err != nil {
			t.Fatal(err)
		}
		if err := p.Reload(); err != nil {
			t.Fatal(err)
		}
		until(t, "its daemon to answer again", p.answers)
		if now := p.running(t); len(now) != 1 || now[0] == before[0] {
			t.Errorf("running: got %v, want another one than %v", now, before)
		}
	}
}

// Nobody has asked for it: it is started again as any daemon.
func TestASandboxWithinAnotherThatDiesIsStartedAgain(t *testing.T) {
	p := tryPair(t)
	before := p.running(t)
	if err := syscall.Kill(before[0].PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	until(t, "another one to answer", func() error {
		if now := p.running(t); len(now) != 1 || now[0] == before[0] {
			return fmt.Errorf("there is %v", now)
		}
		return p.answers()
	})
}

func TestTheEndOfASandboxIsThatOfThoseWithin(t *testing.T) {
	p := tryPair(t)
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := p.running(t); len(left) > 0 {
		t.Errorf("there is %v", left)
	}
}

func TestADaemonThatIsSwitchedOffIsNotStarted(t *testing.T) {
	off := t.TempDir() + "/off"
	write(t, off, "")
	s := newSupervisor(Plan{Daemons: []Daemon{{Name: "d", Args: []string{"/no/such/command"}, Log: os.DevNull, Off: off}}}, nil)
	s.start(s.daemons[0])
	s.reload()
	if s.daemons[0].ends != 0 {
		t.Error("it was tried")
	}
	if err := os.Remove(off); err != nil {
		t.Fatal(err)
	}
	s.reload()
	if s.daemons[0].ends != 1 {
		t.Error("it was not tried once it was switched on")
	}
}

func TestReloadSaysThatThereIsNoSupervisor(t *testing.T) {
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if err := (Sandbox{PID: cmd.Process.Pid}).Reload(); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("got %v", err)
	}
}
