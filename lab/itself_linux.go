package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"istio-circuit-breaker/internal/lab"
	"istio-circuit-breaker/internal/lab/reach"
	"istio-circuit-breaker/internal/lab/sandbox"
)

// asItself is what the lab starts this program as, in namespaces of their own, and
// nobody types. It reports whether args ask for such a thing, and how it ended.
func asItself(args []string) (code int, done bool) {
	if len(args) < 2 {
		return 0, false
	}
	command, rest := args[0], args[1:]
	switch command {
	case lab.SuperviseCommand: // the sandbox's first process sets up its own signals
		return report(sandbox.Supervise(rest[0])), true
	case lab.ProbeCommand:
		for _, lacks := range sandbox.Probe(rest...) {
			fmt.Println(lacks)
		}
		return 0, true
	case lab.RelayCommand, lab.FollowCommand:
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		if command == lab.RelayCommand {
			return report(reach.Inherited(ctx, rest, slog.Default())), true
		}
		signal.Ignore(syscall.SIGPIPE) // the command's stderr may be gone; its ports are not
		return report(lab.Follow(ctx, rest)), true
	}
	return 0, false
}
