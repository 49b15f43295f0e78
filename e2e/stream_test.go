//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"slices"
	"sync"
	"testing"
	"time"
)

// stream is a running command that prints a line of JSON for each E.
type stream[E any] struct {
	mu   sync.Mutex
	seen []E
	stop func()
}

// follow starts a command in the lab; it ends with the test.
func follow[E any](t *testing.T, args ...string) *stream[E] {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	cmd := background(ctx, args...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &stream[E]{}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		lines := bufio.NewScanner(stdout)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var e E
			if json.Unmarshal(lines.Bytes(), &e) == nil {
				s.mu.Lock()
				s.seen = append(s.seen, e)
				s.mu.Unlock()
			}
		}
	}()
	s.stop = sync.OnceFunc(func() { cancel(); <-ended; _ = cmd.Wait() }) // ended by us: its exit code says nothing
	t.Cleanup(s.stop)
	return s
}

// all returns what was seen so far.
func (s *stream[E]) all() []E {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}
