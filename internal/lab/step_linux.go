package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/lab/sandbox"
	"istio-circuit-breaker/internal/runner"
)

// step is one part of bringing the lab up. It finds out for itself whether its
// work is done already.
type step struct {
	name string
	run  func(*Lab, context.Context) error
}

// runStep runs s with its progress line, which begins with number, and its log
// file. An error carries the last output of the command that failed.
func (l *Lab) runStep(ctx context.Context, number string, s step) error {
	file := l.Layout.log("up")
	opened, err := sandbox.OpenLog(file)
	if err != nil {
		return l.roomy(ctx, fmt.Errorf("opening the log: %w", err))
	}
	defer opened.Close()
	log := &redacted{to: opened}
	defer log.Close()
	fmt.Fprintf(log, "\n== %s: %s%s\n", time.Now().Format(time.RFC3339), number, s.name)
	l.log = log
	l.Progress.Begin(number + s.name)
	err = l.roomy(ctx, s.run(l, ctx))
	took := l.Progress.End(err)
	if err == nil {
		fmt.Fprintf(log, "== took %s\n", took.Round(time.Millisecond))
		return nil
	}
	fmt.Fprintf(log, "== failed after %s: %v\n", took.Round(time.Millisecond), err)
	if ctx.Err() != nil {
		return hint.With(fmt.Errorf("%s: stopped half-way: %w", s.name, ctx.Err()),
			"go on with `go run ./lab up`, what is done is kept; or clean up with `go run ./lab down`")
	}
	err = fmt.Errorf("%s: %w", s.name, err)
	if failed, ok := errors.AsType[*runner.Error](err); ok && failed.Output != "" {
		err = &stepError{err, redact(failed.Output)}
	}
	if hint.Of(err) == "" {
		err = hint.With(err, "read the whole log in "+file)
	}
	return err
}

// stepError adds the failed command's last output below the message.
type stepError struct {
	err    error
	output string
}

func (e *stepError) Error() string {
	return e.err.Error() + "\nits last output:\n  " + strings.ReplaceAll(e.output, "\n", "\n  ")
}
func (e *stepError) Unwrap() error { return e.err }
