package main

import (
	"context"
	"fmt"
	"sync"
)

// interruptible is what work makes, or why ctx ended, where that comes first: work
// that has no waits to end, as it computes or reads stdin, is left where it is. What
// it holds the lock for is done as a whole.
func interruptible[T any](ctx context.Context, whole *sync.Mutex, work func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := work()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		whole.Lock() // and the process ends
		var nothing T
		return nothing, fmt.Errorf("stopped: %w", context.Cause(ctx))
	}
}
