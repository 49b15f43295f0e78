package runner

import (
	"io"
	"strings"
	"sync"
)

// tail keeps the last limit bytes written to it.
type tail struct {
	limit int
	kept  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - t.limit; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(p), nil
}

// String returns what was kept, from the first whole line on.
func (t *tail) String() string {
	s := string(t.kept)
	if len(t.kept) == t.limit {
		if _, rest, found := strings.Cut(s, "\n"); found {
			s = rest
		}
	}
	return strings.TrimRight(s, "\n")
}

// lockedWriter lets stdout and stderr, which are copied by two goroutines,
// share one writer.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
