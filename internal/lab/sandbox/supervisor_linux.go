package sandbox

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// stopLimit is how long the daemons have to end that are asked to.
const stopLimit = 10 * time.Second

// logInterval is how often the size of the daemons' logs is looked at.
const logInterval = time.Minute

// Supervise is the first process of the sandbox: it makes the network and the
// mounts, starts the plan's daemons, and reaps every process of the namespace
// until it is told to stop by SIGTERM. It returns only on an error in setting
// up, or after that signal.
func Supervise(planFile string) error {
	// Caught before the set-up: to the first process of a pid namespace the
	// kernel delivers only signals that it asked for.
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	children := make(chan os.Signal, 64)
	signal.Notify(children, syscall.SIGCHLD)
	syscall.Umask(umask)

	data, err := os.ReadFile(planFile)
	if err != nil {
		return fmt.Errorf("reading the supervisor's plan: %w", err)
	}
	var plan Plan
	if err := json.Unmarshal(data, &plan); err != nil {
		return fmt.Errorf("decoding the supervisor's plan %q: %w", planFile, err)
	}
	if err := mountAll(plan); err != nil {
		return err
	}
	if err := plan.Network.create(); err != nil {
		return err
	}

	if err := writeFailing(plan.Failing, nil); err != nil { // of a sandbox before this one
		return fmt.Errorf("telling which daemons fail: %w", err)
	}
	s := newSupervisor(plan, handed(plan))
	s.kernel = openKernelLog()
	s.run(stop, reload, children)
	return nil // the kernel ends all that is left in the namespace
}

// run keeps the daemons running until it is told to stop.
func (s *supervisor) run(stop, reload, children <-chan os.Signal) {
	logs := time.NewTicker(logInterval)
	defer logs.Stop()
	var limit <-chan time.Time
	for _, d := range s.daemons {
		s.start(d)
	}
	for !s.stopping || s.stop() {
		select {
		case <-stop:
			slog.Info("stopping: asked to")
			stop, limit = nil, time.After(stopLimit)
			s.stop()
		case <-limit:
			slog.Warn("stopping: not all daemons have ended in time")
			return
		case <-reload:
			s.reload()
		case <-children:
			s.reap()
		case d := <-s.due:
			s.start(d)
		case <-logs.C:
			s.tell() // again, where there was no room on the disk
			for _, d := range s.daemons {
				limitLog(d.Log)
			}
			if own, err := os.Readlink("/proc/self/fd/2"); err == nil {
				limitLog(own)
			}
		}
	}
}

// handed are the files that Start handed over. Daemons get those that they
// inherit, and nothing else that this process was started with.
func handed(plan Plan) []*os.File {
	syscall.CloseOnExec(hostNetwork)
	var files []*os.File
	for i := range plan.Handed {
		fd := hostNetwork + 1 + i
		syscall.CloseOnExec(fd)
		files = append(files, os.NewFile(uintptr(fd), "handed"))
	}
	return files
}

// kernelSettings are those that a kubelet insists on, as in its
// pkg/kubelet/cm/container_manager_linux.go. They belong to the whole machine;
// covered by files that hold the wanted value, they read right inside the
// sandbox and stay as they were outside.
var kernelSettings = map[string]string{
	"vm/overcommit_memory":      "1",
	"vm/panic_on_oom":           "0",
	"kernel/panic":              "10",
	"kernel/panic_on_oops":      "1",
	"kernel/keys/root_maxkeys":  "1000000",
	"kernel/keys/root_maxbytes": "25000000",
}

func mountAll(plan Plan) error {
	// Nothing that is mounted here may reach the host; shared below that, as
	// volumes with propagation need.
	for _, flag := range []uintptr{unix.MS_PRIVATE, unix.MS_SHARED} {
		if err := unix.Mount("", "/", "", flag|unix.MS_REC, ""); err != nil {
			return fmt.Errorf("making mounts private: %w", err)
		}
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	for path, value := range kernelSettings {
		file := filepath.Join(plan.Masks, filepath.Base(path))
		if err := os.WriteFile(file, []byte(value+"\n"), 0o644); err != nil {
			return fmt.Errorf("writing mask: %w", err)
		}
		if err := unix.Mount(file, filepath.Join("/proc/sys", path), "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("covering /proc/sys/%s: %w", path, err)
		}
	}
	for host, ours := range plan.Binds {
		if err := unix.Mount(ours, host, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("covering %q by %q: %w", host, ours, err)
		}
	}
	for _, host := range plan.Tmpfs {
		if err := unix.Mount("tmpfs", host, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
			return fmt.Errorf("covering %q by an empty folder: %w", host, err)
		}
	}
	return nil
}
