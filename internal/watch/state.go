package watch

import (
	"slices"
	"time"

	"istio-circuit-breaker/internal/ejection"
	"istio-circuit-breaker/internal/timeline"
)

// hold is how long an ejection is held back at most, for the answer that caused
// it: Envoy's log may be ahead of the answer's line.
const hold = 300 * time.Millisecond

// state is what the inputs make.
type state struct {
	fold                *ejection.Fold
	cluster             string // Envoy's name of the service's
	podsSeen, envoySeen bool
	looked              timeline.Snapshot // Asked and Took of the newest look
	last                timeline.Snapshot // written at last
	lastAt              time.Time
	between             *timeline.Entry // a look since that was not written
	clocks              map[string]*clock
	newest              time.Time // sending of the newest answer
	held                []timeline.Entry
	due                 time.Time // when what is held goes out in any case
}

// newState is of the service's cluster by Envoy's name of it.
func newState(cluster string) *state {
	return &state{cluster: cluster, fold: ejection.New(cluster), clocks: map[string]*clock{
		timeline.SidecarClock: {name: timeline.SidecarClock}, timeline.APIServerClock: {name: timeline.APIServerClock}}}
}

// complete is true once every source of a snapshot has spoken.
func (s *state) complete() bool { return s.podsSeen && s.envoySeen }

// clocked passes an estimate of the sidecar's clock on to the fold.
func (s *state) clocked(entries []timeline.Entry) []timeline.Entry {
	s.fold.SetAhead(s.clocks[timeline.SidecarClock].ahead())
	return entries
}

// snapshot is written when something but numbers of requests changed, with the
// look before, and at least at each heartbeat.
func (s *state) snapshot(at time.Time) []timeline.Entry {
	if !s.complete() {
		return nil
	}
	now := s.fold.Snapshot()
	now.Asked, now.Took = s.looked.Asked, s.looked.Took
	entry := timeline.Entry{Time: at, Snapshot: &now}
	if at.Sub(s.lastAt) < heartbeat && now.Counters == s.last.Counters && slices.EqualFunc(now.Pods, s.last.Pods, alike) {
		if now.Asked.After(s.last.Asked) {
			s.between = &entry
		}
		return nil
	}
	var entries []timeline.Entry
	if s.between != nil && s.between.Snapshot.Asked.Before(now.Asked) {
		entries = append(entries, *s.between)
	}
	s.between, s.last, s.lastAt = nil, now, at
	return append(entries, entry)
}

// alike is whether a pod is as it was, but for the requests it had.
func alike(a, b timeline.Pod) bool {
	return a.Name == b.Name && a.Version == b.Version && a.Address == b.Address && a.State == b.State && a.Ejections == b.Ejections &&
		a.NotReady == b.NotReady && a.Locality == b.Locality && slices.Equal(a.Flags, b.Flags)
}

// release holds an ejection back, and all events after it, until the answer that
// caused it has come or the hold is over: a number of errors that is shown is
// right then, or said to be incomplete. Everything else passes.
func (s *state) release(at time.Time, entries []timeline.Entry) []timeline.Entry {
	var out []timeline.Entry
	for _, e := range entries {
		waits := e.Event != nil && e.Event.Kind == timeline.PodEjected && !s.newest.IsZero() && !s.fold.Caused(e.Event.Pod, s.newest)
		switch {
		case e.Event != nil && len(s.held) > 0:
			s.held = append(s.held, e)
		case waits:
			s.held, s.due = []timeline.Entry{e}, at.Add(hold)
		default:
			out = append(out, e)
		}
	}
	if len(s.held) == 0 {
		return out
	}
	first := s.held[0].Event
	caused := s.fold.Caused(first.Pod, s.newest)
	if !caused && at.Before(s.due) {
		return out
	}
	known := *first
	known.Errors, known.AtLeast = s.fold.Errors(first.Pod)
	switch {
	case known.AtLeast:
		known.Detail = "the watch began later"
	case !caused:
		known.AtLeast, known.Detail = true, "an answer is still to come"
	}
	s.held[0].Event = &known
	held := s.held
	s.held = nil
	out = append(out, held[0])
	return append(out, s.release(at, held[1:])...)
}
