package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"time"
)

// notice is how long a stopping server still takes new requests, for nobody
// tells it when the last caller has heard that it goes. It is part of the grace;
// of a short one it is a fifth.
const notice = time.Second

var errSecond = errors.New("a second signal")

// serve answers on listener until the first signal, then stops within the grace.
// It returns nil when every request had its answer.
func (s *service) serve(listener net.Listener, signals <-chan os.Signal, warnings *log.Logger) error {
	server := s.server()
	server.ErrorLog = warnings
	broken := make(chan error, 1)
	go func() { broken <- server.Serve(listener) }()
	select {
	case err := <-broken:
		return fmt.Errorf("accepting connections: %w", err)
	case <-signals:
	}

	s.stopping.Store(true)
	grace, cancel := context.WithTimeout(context.Background(), s.Grace)
	defer cancel()
	stop, now := context.WithCancelCause(grace)
	defer now(nil)
	go func() {
		select {
		case <-signals:
			now(errSecond)
		case <-stop.Done():
		}
	}()
	select {
	case <-time.After(min(notice, s.Grace/5)):
	case <-stop.Done():
	}
	if err := server.Shutdown(stop); err != nil {
		server.Close()
		if errors.Is(context.Cause(stop), errSecond) {
			return fmt.Errorf("stopping: cutting requests off: %w", errSecond)
		}
		return fmt.Errorf("stopping: cutting requests off: not answered within %v", s.Grace)
	}
	return nil
}
