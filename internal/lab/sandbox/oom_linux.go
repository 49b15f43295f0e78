package sandbox

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// kernelLog tells which processes the kernel has ended for want of memory: to
// whoever waits for them that is a SIGKILL as any other. The zero kernelLog knows
// of none.
type kernelLog struct {
	read    func([]byte) (int, error) // one record; an error where there is none
	victims map[string]victim         // the last one, by the name of its command
}

// victim is a process that was ended.
type victim struct {
	why  string    // in the kernel's words
	read time.Time // which is soon after
}

// openKernelLog begins after what the log holds already.
func openKernelLog() kernelLog {
	fd, err := unix.Open("/dev/kmsg", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err == nil {
		_, err = unix.Seek(fd, 0, unix.SEEK_END)
	}
	if err != nil {
		slog.Warn("opening the kernel's log: of a daemon that is killed nobody will know why", "error", err)
		return kernelLog{}
	}
	return kernelLog{read: func(p []byte) (int, error) { return unix.Read(fd, p) }}
}

// maxRecord is how long a record of the kernel's log gets, its
// PRINTKRB_RECORD_MAX and what is before it.
const maxRecord = 8 << 10

// ofVictim is a record about a process that was ended, as __oom_kill_process of the
// kernel's mm/oom_kill.c writes it. Its process id is that of the whole machine,
// which tells nothing in here.
var ofVictim = regexp.MustCompile(`^[^;]*;(.*): Killed process \d+ \((.*)\) total-vm:`)

// look takes up what is new.
func (k *kernelLog) look() {
	if k.read == nil {
		return
	}
	record := make([]byte, maxRecord)
	for {
		n, err := k.read(record)
		if errors.Is(err, unix.EPIPE) || errors.Is(err, unix.EINTR) { // overwritten before it was read
			continue
		}
		if err != nil || n <= 0 {
			return // EAGAIN: there are no more
		}
		if m := ofVictim.FindSubmatch(record[:n]); m != nil {
			if k.victims == nil {
				k.victims = map[string]victim{}
			}
			k.victims[string(m[2])] = victim{string(m[1]), time.Now()}
		}
	}
}

// exit says how a daemon's process has ended. That the kernel has ended it for
// want of memory is in its log before the process can be waited for.
func (k *kernelLog) exit(d *supervised, status syscall.WaitStatus) string {
	state := fmt.Sprintf("exit status %d", status.ExitStatus())
	if !status.Signaled() {
		return state
	}
	state = "signal: " + status.Signal().String()
	if status.Signal() != unix.SIGKILL {
		return state
	}
	k.look()
	// What was read before it was started is about one before it.
	if v := k.victims[command(d.Daemon)]; v.read.After(d.started) {
		state += " by the kernel, which says: " + v.why
	}
	return state
}

// command is what the kernel calls a daemon's process: its file, shortened to
// TASK_COMM_LEN.
func command(d Daemon) string {
	name := filepath.Base(d.Args[0])
	return name[:min(len(name), 15)]
}
