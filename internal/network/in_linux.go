package network

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// In runs f in the network that file is of, such as /proc/PID/ns/net. The
// sockets that f makes itself stay in that network; those that goroutines of f
// make do not come to be in it.
func In(file string, f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			// The first thread's network is what /proc tells of the whole
			// process. While this goroutine holds it, another gets another.
			done <- In(file, f)
			runtime.UnlockOSThread()
			return
		}
		// Never unlocked, so that the thread ends with this goroutine rather
		// than serve others while it is in another network.
		done <- enter(file, f)
	}()
	return <-done
}

func enter(file string, f func() error) error {
	ns, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("opening a network: %w", err)
	}
	defer ns.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("entering the network %q: %w", file, err)
	}
	return f()
}
