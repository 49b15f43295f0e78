package sandbox

import (
	"log/slog"
	"os"
	"slices"
	"syscall"
	"time"
)

// A daemon that ends is started again after the first delay, and after a longer
// one each time that it ends soon: kube-controller-manager, for one, exits when
// it comes up before the API server has made its roles, and is to be there soon
// after that; one that cannot run at all is not to keep the machine busy. The
// longest delay is one that a slow start can bear.
const (
	firstDelay = 500 * time.Millisecond
	lastDelay  = 5 * time.Second
	// soon is how long a daemon has to run to count as one that worked.
	soon = 10 * time.Second
	// failing is after how many early ends in a row a daemon is told as one
	// that does not work, until it is started again. The delays between them
	// take 3.5 s.
	failing = 4
)

// delay is how long to wait after so many early ends in a row.
func delay(ends int) time.Duration {
	d := firstDelay
	for range ends - 1 {
		if d *= 2; d >= lastDelay {
			return lastDelay
		}
	}
	return d
}

// supervised is a daemon that the supervisor keeps running.
type supervised struct {
	Daemon
	pid     int // 0 while it does not run
	started time.Time
	ends    int    // in a row, each soon after the start
	exit    string // of the last one
}

// supervisor is touched by one goroutine alone, that of Supervise.
type supervisor struct {
	daemons  []*supervised
	due      chan *supervised // to be started
	handed   []*os.File
	failing  string    // file
	told     []Failing // what it holds
	kernel   kernelLog
	stopping bool
}

func newSupervisor(plan Plan, handed []*os.File) *supervisor {
	s := &supervisor{handed: handed, failing: plan.Failing}
	for _, d := range plan.Daemons {
		s.daemons = append(s.daemons, &supervised{Daemon: d})
	}
	s.due = make(chan *supervised, len(s.daemons))
	return s
}

func (s *supervisor) start(d *supervised) {
	if s.stopping || d.pid != 0 || d.off() {
		return
	}
	limitLog(d.Log)
	s.kernel.look()
	pid, err := spawn(d.Daemon, s.handed)
	if err != nil {
		slog.Error("starting", "daemon", d.Name, "error", err)
		s.ended(d, err.Error())
		return
	}
	slog.Info("started", "daemon", d.Name, "pid", pid)
	d.pid, d.started = pid, time.Now()
	if d.Within != nil {
		if err := d.Within.join(pid); err != nil { // it waits for it, and ends without
			slog.Error("joining", "daemon", d.Name, "error", err)
		}
	}
	s.tell()
}

// ended is called when d has ended or could not be started.
func (s *supervisor) ended(d *supervised, exit string) {
	if d.pid != 0 && time.Since(d.started) >= soon {
		d.ends = 0
	}
	d.ends++
	d.pid, d.exit = 0, exit
	if s.stopping {
		return
	}
	if d.off() { // as it was told to
		d.ends = 0
		s.tell()
		return
	}
	s.tell()
	time.AfterFunc(delay(d.ends), func() { s.due <- d })
}

// tell writes down which daemons do not work. One that has just been started
// again may: what it needed may be there now.
func (s *supervisor) tell() {
	var all []Failing
	for _, d := range s.daemons {
		if d.ends >= failing && d.pid == 0 {
			all = append(all, Failing{Name: d.Name, Log: d.Log, Ends: d.ends, Exit: d.exit})
		}
	}
	if slices.Equal(all, s.told) {
		return
	}
	if err := writeFailing(s.failing, all); err != nil {
		slog.Error("telling which daemons fail", "error", err)
		return
	}
	s.told = all
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
		for _, d := range s.daemons {
			if d.pid == pid {
				exit := s.kernel.exit(d, status)
				slog.Warn("ended", "daemon", d.Name, "pid", pid, "exit", exit)
				s.ended(d, exit)
			}
		}
	}
}

// off says whether the daemon is not to run.
func (d *supervised) off() bool {
	if d.Off == "" {
		return false
	}
	_, err := os.Stat(d.Off)
	return err == nil
}

// reload kills the daemons that are not to run any more, without asking, as a
// machine that loses power; and starts those that are to run again.
func (s *supervisor) reload() {
	for _, d := range s.daemons {
		switch {
		case d.Off == "":
		case !d.off():
			s.start(d)
		case d.pid != 0:
			slog.Info("killing", "daemon", d.Name, "pid", d.pid)
			_ = syscall.Kill(d.pid, syscall.SIGKILL) // what has ended meanwhile is reaped
		}
	}
}

// stop asks those daemons to end that keep data which outlives the sandbox. It
// says whether any of them runs.
func (s *supervisor) stop() bool {
	runs := false
	for _, d := range s.daemons {
		if d.Outlived && d.pid != 0 {
			runs = true
			if !s.stopping {
				_ = syscall.Kill(d.pid, syscall.SIGTERM) // what has ended meanwhile is reaped
			}
		}
	}
	s.stopping = true
	return runs
}

// spawn uses os.StartProcess without Wait, which would race with reap.
func spawn(d Daemon, handed []*os.File) (int, error) {
	log, err := OpenLog(d.Log)
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
		Env:   append(keptOf(os.Environ()), d.Env...),
		Files: files,
		Sys:   attributes(d),
	})
	if err != nil {
		return 0, err
	}
	pid := p.Pid // which Release forgets
	return pid, p.Release()
}

func attributes(d Daemon) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true}
	if d.Within != nil {
		a.Cloneflags = namespaces
	}
	return a
}
