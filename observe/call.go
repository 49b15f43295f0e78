package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"istio-circuit-breaker/internal/commandline"

	"golang.org/x/term"
)

// call is one run of the program: what it is called and where it writes.
type call struct {
	commandline.Program
	stdout, stderr io.Writer
	// display finds out whether a writer is a terminal that can be drawn on.
	display func(io.Writer) (display, bool)
}

func newCall(p commandline.Program, stdout, stderr io.Writer) *call {
	return &call{Program: p, stdout: stdout, stderr: stderr, display: displayOf}
}

// run runs a command line, without the program's name.
func (c *call) run(ctx context.Context, args []string) error {
	return c.Run(ctx, commands(c), args, c.stdout, c.stderr)
}

// say writes a line of progress.
func (c *call) say(line string) { fmt.Fprintln(c.stderr, line) }

// terminal reports whether w is one.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// limited is ctx with an end after d; 0 is no end.
func limited(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}
