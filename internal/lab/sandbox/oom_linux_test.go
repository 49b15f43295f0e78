package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Of a real log, Linux 6.18: `Memory cgroup out of memory` is a limit's,
// `Out of memory` the machine's.
const (
	ofALimit   = "3,1093,264512345,-;Memory cgroup out of memory: Killed process 24613 (etcd) total-vm:11214936kB, anon-rss:17552kB, file-rss:24740kB, shmem-rss:0kB, UID:0 pgtables:168kB oom_score_adj:0\n"
	ofMachine  = "3,1094,264512346,-;Out of memory: Killed process 24614 (kube-controller) total-vm:1kB, anon-rss:1kB, file-rss:1kB, shmem-rss:0kB, UID:0 pgtables:168kB oom_score_adj:0\n"
	notOfAKill = "4,1092,264512344,-;etcd invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n SUBSYSTEM=none\n"
)

const (
	killed     = syscall.WaitStatus(syscall.SIGKILL)
	terminated = syscall.WaitStatus(syscall.SIGTERM)
	failed     = syscall.WaitStatus(2 << 8)
)

// records is a kernel's log that ends with EAGAIN, and of which some was
// overwritten before it was read.
func records(all ...string) func([]byte) (int, error) {
	overwritten := true
	return func(p []byte) (int, error) {
		if overwritten {
			overwritten = false
			return 0, unix.EPIPE
		}
		if len(all) == 0 {
			return -1, unix.EAGAIN
		}
		n := copy(p, all[0])
		all = all[1:]
		return n, nil
	}
}

func TestTheExitTellsWhatTheKernelHasEndedForWantOfMemory(t *testing.T) {
	tests := []struct {
		name    string
		command string
		status  syscall.WaitStatus
		log     []string
		want    string
	}{
		{"a limit", "/usr/bin/etcd", killed, []string{notOfAKill, ofALimit}, "signal: killed by the kernel, which says: Memory cgroup out of memory"},
		{"the machine, and a name that is too long for the kernel", "/x/kube-controller-manager", killed, []string{ofMachine}, "signal: killed by the kernel, which says: Out of memory"},
		{"both", "/usr/bin/etcd", killed, []string{ofALimit, ofMachine}, "signal: killed by the kernel, which says: Memory cgroup out of memory"},
		{"somebody", "/usr/bin/etcd", killed, []string{notOfAKill}, "signal: killed"},
		{"somebody, and the kernel another one", "/usr/bin/etcd", killed, []string{ofMachine}, "signal: killed"},
		{"another signal", "/usr/bin/etcd", terminated, []string{ofALimit}, "signal: terminated"},
		{"by itself", "/usr/bin/etcd", failed, []string{ofALimit}, "exit status 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := kernelLog{read: records(tt.log...)}
			d := &supervised{Daemon: Daemon{Args: []string{tt.command}}, started: time.Now().Add(-time.Second)}
			if got := k.exit(d, tt.status); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAnEarlierVictimOfTheSameNameDoesNotCount(t *testing.T) {
	k := kernelLog{read: records(ofALimit)}
	k.look()
	d := &supervised{Daemon: Daemon{Args: []string{"/usr/bin/etcd"}}, started: time.Now()}
	if got, want := k.exit(d, killed), "signal: killed"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWithoutAKernelLogNothingIsSaidOfIt(t *testing.T) {
	d := &supervised{Daemon: Daemon{Args: []string{"/usr/bin/etcd"}}}
	if got, want := (&kernelLog{}).exit(d, killed), "signal: killed"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What cannot be written, for want of room, is written later.
func TestWhichDaemonsFailIsToldOnceItCanBe(t *testing.T) {
	file := t.TempDir() + "/later/failing.json"
	s := newSupervisor(Plan{Failing: file, Daemons: []Daemon{{Name: "d", Log: "/log"}}}, nil)
	s.daemons[0].ends, s.daemons[0].exit = failing, "exit status 1"
	s.tell()
	if all, err := ReadFailing(file); err != nil || len(all) > 0 {
		t.Fatalf("got %+v and %v", all, err)
	}
	if err := os.Mkdir(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	s.tell()
	if all, err := ReadFailing(file); err != nil || len(all) != 1 {
		t.Errorf("got %s and %v, want the daemon", fmt.Sprint(all), err)
	}
}
