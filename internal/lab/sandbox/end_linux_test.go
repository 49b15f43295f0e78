package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEverythingEndsWithTheSupervisor(t *testing.T) {
	tests := []struct {
		name  string
		end   func(trial) error
		waits bool // until all has ended
	}{
		{"stopped", func(tr trial) error { return tr.Stop(context.Background()) }, true},
		{"killed by somebody else", func(tr trial) error { return syscall.Kill(tr.PID, syscall.SIGKILL) }, false},
		{"asked to end", func(tr trial) error { return syscall.Kill(tr.PID, syscall.SIGTERM) }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			mounts, links := read(t, "/proc/self/mountinfo"), interfaces(t)
			tr := try(t)
			if !tr.Alive() {
				t.Error("not alive while its daemon answers")
			}
			if tr.Ending() {
				t.Error("ending while its daemon answers")
			}
			cgroup := tr.inCgroup(t)
			if err := tt.end(tr); err != nil {
				t.Fatal(err)
			}
			if tt.waits && read(t, tr.dir+"/data") != "whole\n" {
				t.Error("stopped, and a daemon had no time to write its data")
			}
			if left := tr.processes(t, "daemon"); tt.waits && len(left) > 0 {
				t.Errorf("stopped, and processes %v are there", left)
			}
			until(t, "it to be ending", func() error {
				if !tr.Ending() {
					return errors.New("it is not")
				}
				return nil
			})
			until(t, "all its processes to end", func() error {
				if tr.Alive() || len(tr.processes(t, "daemon"))+len(tr.processes(t, "supervise")) > 0 {
					return errors.New("some are there")
				}
				return nil
			})
			if _, err := os.Stat(tr.NetworkNamespace()); err == nil {
				t.Error("its network is there")
			}
			if err := tr.Stop(t.Context()); err != nil {
				t.Errorf("stopping what has ended: %v", err)
			}
			if _, err := tr.Dial(daemonAddress, time.Second); err == nil {
				t.Error("its daemon answers")
			}
			if err := RemoveCgroup(t.Context(), cgroup); err != nil {
				t.Error(err)
			}
			if left, err := Cgroups(cgroup); err != nil || len(left) > 0 {
				t.Errorf("its cgroups: got %q and %v, want none", left, err)
			}
			if diff := cmp.Diff(mounts, read(t, "/proc/self/mountinfo")); diff != "" {
				t.Errorf("mounts of the host (-before +after):\n%s", diff)
			}
			if diff := cmp.Diff(links, interfaces(t)); diff != "" {
				t.Errorf("interfaces of the host (-before +after):\n%s", diff)
			}
		})
	}
}

// inCgroup puts the trial's daemon into a new cgroup, one level below the top,
// as containers are, and proves that it cannot be removed with the daemon in it.
func (tr trial) inCgroup(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("sandbox-test-%d", tr.PID)
	if err := CreateCgroup(name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // where the test failed half-way
		if err := errors.Join(tr.Stop(context.Background()), RemoveCgroup(context.Background(), name)); err != nil {
			t.Error(err)
		}
	})
	tops, err := Cgroups(name)
	// In a cpuset of v1 every level would have to be filled in first.
	tops = slices.DeleteFunc(tops, func(dir string) bool { return strings.Contains(dir, "/cpuset") })
	if err != nil || len(tops) == 0 {
		t.Fatalf("got cgroups %q and %v", tops, err)
	}
	pids := tr.processes(t, "daemon")
	if len(pids) != 1 {
		t.Fatalf("got processes %v, want one daemon", pids)
	}
	pod := filepath.Join(tops[0], "pod")
	if err := os.MkdirAll(pod, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(pod, "cgroup.procs"), fmt.Sprint(pids[0]))
	if err := machine.remove(name); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("removing a cgroup with a process in it: got %v, want it to be busy", err)
	}
	return name
}

func TestCommandsInsideOfTheNetworkAreEnded(t *testing.T) {
	tr := try(t)
	mark := "SANDBOX_TEST=" + tr.dir
	for _, script := range []string{"exec sleep 600", "trap '' TERM; while :; do sleep 1; done"} {
		argv := tr.Enter("sh", "-c", script)
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Env = append(os.Environ(), mark)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go func() { _ = cmd.Wait() }() // ended by a signal
	}
	until(t, "both to run", func() error {
		// The second is a shell with a sleep.
		pids, err := Marked(mark)
		if err == nil && len(pids) != 3 {
			err = fmt.Errorf("marked are %v", pids)
		}
		return err
	})
	// A shell of the lab in which somebody types `lab down` stays.
	shell := exec.Command("sh", "-c", `"$0" end-marked "$1" && echo the shell is there`, self(t), mark)
	shell.Env = append(os.Environ(), mark)
	if out, err := shell.CombinedOutput(); err != nil || !strings.HasSuffix(string(out), "the shell is there\n") {
		t.Errorf("got %q and %v", out, err)
	}
	if pids, err := Marked(mark); err != nil || len(pids) > 0 {
		t.Errorf("marked are still %v, %v", pids, err)
	}
}
