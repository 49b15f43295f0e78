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

// A daemon that ends is started again after this long; kube-controller-manager,
// for one, exits when it comes up before the API server has made its roles.
const restartDelay = 500 * time.Millisecond

// Supervise is the first process of the sandbox: it makes the network and the
// mounts, starts the plan's daemons, and reaps every process of the namespace
// until it is told to stop by SIGTERM. It returns only on an error in setting
// up, or after that signal.
func Supervise(planFile string) error {
	// Caught before the set-up: to the first process of a pid namespace the
	// kernel delivers only signals that it asked for.
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	children := make(chan os.Signal, 64)
	signal.Notify(children, syscall.SIGCHLD)

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

	s := supervisor{running: map[int]Daemon{}, due: make(chan Daemon, len(plan.Daemons)), handed: handed(plan)}
	for _, d := range plan.Daemons {
		s.start(d)
	}
	for {
		select {
		case <-stop:
			slog.Info("stopping: asked to")
			return nil // the kernel ends all that is left in the namespace
		case <-children:
			s.reap()
		case d := <-s.due:
			s.start(d)
		}
	}
}

type supervisor struct {
	running map[int]Daemon
	due     chan Daemon
	handed  []*os.File
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

func (s *supervisor) start(d Daemon) {
	pid, err := spawn(d, s.handed)
	if err != nil {
		slog.Error("starting", "daemon", d.Name, "error", err)
		s.later(d)
		return
	}
	slog.Info("started", "daemon", d.Name, "pid", pid)
	s.running[pid] = d
}

func (s *supervisor) later(d Daemon) {
	time.AfterFunc(restartDelay, func() { s.due <- d })
}

// reap collects every process that has ended, orphans of others among them:
// they become children of the namespace's first process.
func (s *supervisor) reap() {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		if d, ours := s.running[pid]; ours {
			delete(s.running, pid)
			slog.Warn("ended, will be started again", "daemon", d.Name, "pid", pid, "exit", status.ExitStatus(), "signal", status.Signal().String())
			s.later(d)
		}
	}
}

// spawn uses os.StartProcess without Wait, which would race with reap.
func spawn(d Daemon, handed []*os.File) (int, error) {
	log, err := os.OpenFile(d.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, err
	}
	defer log.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	files := []*os.File{null, log, log}
	for _, i := range d.Inherits {
		files = append(files, handed[i])
	}
	p, err := os.StartProcess(d.Args[0], d.Args, &os.ProcAttr{
		Dir:   "/",
		Env:   append(os.Environ(), d.Env...),
		Files: files,
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	})
	if err != nil {
		return 0, err
	}
	pid := p.Pid // which Release forgets
	return pid, p.Release()
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
