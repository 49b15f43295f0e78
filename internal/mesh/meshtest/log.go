package meshtest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/meshtest/envoysim"
)

// write hands the sidecar's new events to those who follow its log.
func (s *Sim) write() {
	for _, e := range s.envoy().Events() {
		if s.NoLog {
			continue
		}
		lines := []map[string]any{s.line(e)}
		if s.Line != nil {
			lines = s.Line(lines[0])
		}
		for _, line := range lines {
			text, _ := json.Marshal(line) //nolint:errchkjson // strings and numbers only
			if s.LogLag == 0 {
				s.hand(text)
				continue
			}
			time.AfterFunc(s.LogLag, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.hand(text)
			})
		}
	}
}

// line is an event as Envoy writes it. Source: envoy
// api/envoy/data/cluster/v3/outlier_detection_event.proto.
func (s *Sim) line(e envoysim.Event) map[string]any {
	action := "UNEJECT"
	if e.Ejected {
		action = "EJECT"
	}
	return map[string]any{"type": e.Type, "timestamp": e.Time.Add(s.Ahead).Truncate(time.Millisecond), "secs_since_last_action": fmt.Sprint(int(e.Since.Seconds())),
		"cluster_name": mesh.EnvoyCluster(mesh.Namespace), "upstream_url": e.Address, "action": action, "num_ejections": e.Number, "enforced": e.Enforced}
}

func (s *Sim) hand(text []byte) {
	for _, log := range s.lines {
		select {
		case log <- text:
		default: // nobody reads it any more
		}
	}
}

// SidecarLog follows the outlier event log; there is nothing else in it.
func (s *Sim) SidecarLog(ctx context.Context, _ mesh.Client, _ time.Duration, line func([]byte)) error {
	log := make(chan []byte, 1024)
	s.mu.Lock()
	err := s.down
	s.lines = append(s.lines, log)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	line(nil)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case text, open := <-log:
			if !open {
				return fmt.Errorf("the log ended")
			}
			line(text)
		}
	}
}
