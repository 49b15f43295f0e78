// Package wait waits for a condition, never for a time: each wait has a limit,
// and its error carries the last state that was seen.
package wait

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// final is an error that waiting does not change.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// Final marks what a check says as the last word: For ends with it at once.
func Final(err error) error { return final{err} }

// For calls check every interval until it returns nil, and gives up after
// limit, when ctx ends, or when check's error is Final. The error names what was waited for, how long, and
// the last thing that check said.
func For(ctx context.Context, what string, limit, interval time.Duration, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	start := time.Now()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	var last error
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		// A check that the limit itself cut off says nothing about the state.
		if last == nil || ctx.Err() == nil {
			last = err
		}
		if f, ok := errors.AsType[final](err); ok {
			return fmt.Errorf("waiting for %s, given up after %s: %w", what, time.Since(start).Round(100*time.Millisecond), f.error)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s, %s of at most %s: %w",
				what, time.Since(start).Round(100*time.Millisecond), limit, last)
		case <-ticker.C:
		}
	}
}
