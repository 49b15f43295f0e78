package meshtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/meshtest/envoy"
)

// written is one line of the sidecar's log, and when it can be read.
type written struct {
	at   time.Time
	life int
	text []byte
}

// log writes what the sidecar has to tell.
func (s *Sim) log() {
	for _, e := range s.envoy.Events(time.Now()) {
		if s.NoLog || s.Line != nil && !s.Line(&e) {
			continue
		}
		text, _ := json.Marshal(line(e, mesh.EnvoyCluster(mesh.Namespace, s.Domain), s.ahead()-s.LogBefore)) // plain fields cannot fail
		time.AfterFunc(time.Until(e.At)+s.LogLag, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.write(text)
			if s.LogTwice {
				s.write(text)
			}
		})
	}
}

// line is an event as Envoy writes it. Source: envoy outlier_detection_impl.cc,
// EventLoggerImpl: all fields are there, and a return has the first of the types;
// times are whole milliseconds.
func line(e envoy.Event, cluster string, ahead time.Duration) map[string]any {
	action, by := "UNEJECT", envoy.Any5xx
	if e.Ejected {
		action, by = "EJECT", e.Detector
	}
	fields := map[string]any{"type": by, "timestamp": e.At.Add(ahead).Truncate(time.Millisecond), "cluster_name": cluster,
		"upstream_url": e.Host, "action": action, "num_ejections": e.Number, "enforced": e.Enforced}
	if e.Since != nil {
		fields["secs_since_last_action"] = fmt.Sprint(int(e.Since.Seconds()))
	}
	return fields
}

func (s *Sim) write(text []byte) {
	s.written = append(s.written, written{time.Now(), s.life, text})
	for _, log := range s.logs {
		select {
		case log <- text:
		default: // nobody reads it any more
		}
	}
}

// SidecarLog follows the outlier event log; there is nothing else in it.
func (s *Sim) SidecarLog(ctx context.Context, _ mesh.Client, back time.Duration, line func([]byte)) error {
	log := make(chan []byte, 1024)
	s.mu.Lock()
	err := s.down
	var old [][]byte
	if back > 0 {
		for _, w := range s.written {
			if w.life == s.life && time.Since(w.at) <= back+time.Second {
				old = append(old, w.text)
			}
		}
	}
	s.logs = append(s.logs, log)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	line(nil)
	for _, text := range old {
		line(text)
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case text, open := <-log:
			if !open {
				return errors.New("the log ended")
			}
			line(text)
		}
	}
}
