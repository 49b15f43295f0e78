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
