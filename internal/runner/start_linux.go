package runner

import "syscall"

// attributes give a command a process group of its own, so that all of it can
// be ended, and end it when this process is killed, which then cannot. The
// kernel ties the latter to the thread that started the command: no thread of
// this process may end while a command runs.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
