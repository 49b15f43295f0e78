//go:build !linux

package runner

import "syscall"

// attributes give a command a process group of its own, so that all of it can
// be ended.
func attributes(bool) *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
