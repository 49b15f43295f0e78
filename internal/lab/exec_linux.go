package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"istio-circuit-breaker/internal/hint"
)

// errNotRunning is what every command says that needs a lab.
var errNotRunning = hint.With(errors.New("finding the lab: none is running"), "run `go run ./lab up`")

// Exec replaces this process by args, run in the lab's network and with its
// environment. It returns only on an error.
func (l *Lab) Exec(args []string) error {
	if err := l.find(); err != nil {
		return err
	}
	if l.box == nil {
		return errNotRunning
	}
	followed := l.isFollowed()
	if err := errors.Join(unset(elsewhere), unset(proxies)); err != nil {
		return err
	}
	for _, entry := range append(l.environment(), l.hostEnvironment()...) {
		name, value, _ := strings.Cut(entry, "=")
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("setting %s: %w", name, err)
		}
	}
	argv := l.box.Enter(args...)
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return fmt.Errorf("entering the lab: %w", err)
	}
	if !followed {
		if err := l.follow(); err != nil {
			fmt.Fprintf(os.Stderr, "lab: what %q listens on cannot be reached from outside of the lab: %v\n", args[0], err)
		}
	}
	if err := syscall.Exec(path, argv, os.Environ()); err != nil {
		return fmt.Errorf("running %q in the lab: %w", args[0], err)
	}
	return nil
}
