package kube

import (
	"net"
	"sync"
	"time"

	"k8s.io/streaming/pkg/httpstream"
)

// stream is a port-forward's data stream as a net.Conn. It has no deadlines:
// the HTTP client closes it when a request's context ends.
type stream struct {
	httpstream.Stream
	once   sync.Once
	closed func()

	heard bool          // something was read
	told  chan struct{} // closed when the other end has nothing more to say of failures
	why   error         // what it said; read after told is closed
}

// sayWhy is how long an end without an answer waits for its reason, which comes on
// another stream.
const sayWhy = 100 * time.Millisecond

// Read ends with the reason where the other end gave one.
func (s *stream) Read(p []byte) (int, error) {
	n, err := s.Stream.Read(p)
	if s.heard = s.heard || n > 0; err == nil || s.heard {
		return n, err
	}
	limit := time.NewTimer(sayWhy)
	defer limit.Stop()
	select {
	case <-s.told:
		if s.why != nil {
			err = s.why
		}
	case <-limit.C:
	}
	return n, err
}

// Close ends both directions; Close of the stream itself would end only one.
func (s *stream) Close() error {
	err := s.Reset()
	s.once.Do(s.closed)
	return err
}

func (s *stream) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (s *stream) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (s *stream) SetDeadline(time.Time) error      { return nil }
func (s *stream) SetReadDeadline(time.Time) error  { return nil }
func (s *stream) SetWriteDeadline(time.Time) error { return nil }
