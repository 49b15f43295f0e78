package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"istio-circuit-breaker/internal/wait"
)

// errOtherFile says that the lock's file was removed by the command that held
// it, and has to be opened anew.
var errOtherFile = errors.New("the lock's file has been removed")

// acquire takes the lab's lock, which a second `up` or `down` waits for, and
// tells note who holds it meanwhile. The kernel releases the lock of a process
// that dies. Whoever holds the lock may remove its file.
func acquire(ctx context.Context, file, command string, note func(string)) (release func(), err error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, fmt.Errorf("making the state folder: %w", err)
	}
	var f *os.File
	var failed error // for another reason than that somebody holds it
	err = wait.For(ctx, "another lab command to end", time.Hour, 200*time.Millisecond, func(context.Context) error {
		var err error
		f, err = tryLock(file)
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, errOtherFile) {
			failed = err
			return nil
		}
		who := holder(file)
		note("waiting for " + who + " to end")
		return fmt.Errorf("the lock %q is held by %s", file, who)
	})
	if err = errors.Join(err, failed); err != nil {
		return nil, err
	}
	hold(f, fmt.Sprintf("`lab %s`, process %d", command, os.Getpid()))
	return func() { f.Close() }, nil
}

// hold says in a lock's file who holds it, for others' messages alone.
func hold(f *os.File, who string) {
	_ = f.Truncate(0)
	fmt.Fprintln(f, who)
}

// tryLock opens and locks file.
func tryLock(file string) (*os.File, error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the lab's lock: %w", err)
	}
	if err := lockOpen(f, file); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// lockOpen locks f, and makes sure that f still is what others will open as
// file.
func lockOpen(f *os.File, file string) error {
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("taking the lab's lock %q: %w", file, err)
	}
	ours, err := f.Stat()
	if err != nil {
		return fmt.Errorf("looking at the lab's lock: %w", err)
	}
	if theirs, err := os.Stat(file); err != nil || !os.SameFile(ours, theirs) {
		return errOtherFile
	}
	return nil
}

// holder is what the lock's file says about who holds it.
func holder(file string) string {
	content, err := os.ReadFile(file)
	if who := strings.TrimSpace(string(content)); err == nil && who != "" {
		return who
	}
	return "another lab command"
}
