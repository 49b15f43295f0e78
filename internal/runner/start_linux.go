package runner

import "syscall"

// attributes give a command a process group of its own, so that all of it can
// be ended and Ctrl-C in a terminal does not reach it; and end it, unless it is
// whole, when this process is killed, which then cannot. The
// kernel ties the latter to the thread that started the command: no thread of
// this process may end while a command runs.
func attributes(whole bool) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true}
	if !whole {
		a.Pdeathsig = syscall.SIGTERM
	}
	return a
}
