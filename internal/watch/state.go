package watch

import (
	"reflect"
	"time"

	"istio-circuit-breaker/internal/ejection"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
)

// state is what the inputs make.
type state struct {
	fold                *ejection.Fold
	podsSeen, envoySeen bool
	last                timeline.Snapshot
	lastAt              time.Time
}

func newState(namespace string) *state {
	return &state{fold: ejection.New(mesh.EnvoyCluster(namespace))}
}

// complete is true once every source of a snapshot has spoken.
func (s *state) complete() bool { return s.podsSeen && s.envoySeen }

// snapshot is written when something changed, and at least at each heartbeat.
func (s *state) snapshot(at time.Time) []timeline.Entry {
	if !s.complete() {
		return nil
	}
	now := s.fold.Snapshot()
	same := reflect.DeepEqual(now.Pods, s.last.Pods) && now.Counters == s.last.Counters
	if same && at.Sub(s.lastAt) < heartbeat {
		return nil
	}
	s.last, s.lastAt = now, at
	return []timeline.Entry{{Time: at, Snapshot: &now}}
}
