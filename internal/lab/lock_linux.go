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

// acquire takes the lab's lock, which a second `up` or `down` waits for, and
// tells note who holds it meanwhile. The kernel releases the lock of a process
// that dies.
func acquire(ctx context.Context, file, command string, note func(string)) (release func(), err error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, fmt.Errorf("making the state folder: %w", err)
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the lab's lock: %w", err)
	}
	err = wait.For(ctx, "another lab command to end", time.Hour, 200*time.Millisecond, func(context.Context) error {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if errors.Is(err, unix.EWOULDBLOCK) {
			holder, _ := os.ReadFile(file)
			who := strings.TrimSpace(string(holder))
			note("waiting for " + who + " to end")
			return fmt.Errorf("the lock %q is held by %s", file, who)
		}
		return err
	})
	if err != nil {
		f.Close()
		return nil, err
	}
	_ = f.Truncate(0) // what it holds is only for the message above
	fmt.Fprintf(f, "`lab %s`, process %d\n", command, os.Getpid())
	return func() { f.Close() }, nil
}
