package watch

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"istio-circuit-breaker/internal/envoyadmin"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
)

func (s *Session) pods(ctx context.Context, alive func()) error {
	return s.mesh.WatchPods(ctx, func(pods []timeline.Pod) {
		alive()
		at := time.Now()
		s.tell(ctx, func(st *state) []timeline.Entry {
			st.podsSeen = true
			return st.fold.Pods(at, pods)
		})
	})
}

// sidecar looks at endpoints and counters, as often as poll says and at once
// when the log told of something.
func (s *Session) sidecar(ctx context.Context, alive func()) error {
	client, err := s.mesh.Client(ctx)
	if err != nil {
		return err
	}
	next := time.NewTicker(poll)
	defer next.Stop()
	for {
		at := time.Now()
		endpoints, err := mesh.Endpoints(ctx, s.mesh, client)
		if err != nil {
			return err
		}
		took := time.Since(at)
		stats, err := mesh.Stats(ctx, s.mesh, client)
		if err != nil {
			return err
		}
		alive()
		s.tell(ctx, func(st *state) []timeline.Entry {
			st.envoySeen = true
			st.looked.Asked, st.looked.Took = at, took
			return st.fold.Look(at, endpoints, stats.Counters)
		})
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-next.C:
		case <-s.poke:
		}
	}
}

// log follows the outlier event log. Lines are new until the log was lost;
// after that it starts with those which were missed.
func (s *Session) log() source {
	var heard time.Time // when the log was last known to be followed
	return func(ctx context.Context, alive func()) error {
		client, err := s.mesh.Client(ctx)
		if err != nil {
			return err
		}
		back := time.Duration(0)
		if !heard.IsZero() {
			back = time.Since(heard) + time.Second
		}
		began := time.Now()
		err = s.mesh.SidecarLog(ctx, client, back, func(line []byte) {
			alive()
			at := time.Now()
			event, ok := envoyadmin.ParseEvent(bytes.Clone(line))
			if !ok {
				return
			}
			select {
			case s.poke <- struct{}{}:
			default:
			}
			s.tell(ctx, func(st *state) []timeline.Entry { return append(st.line(at, event), st.fold.Log(at, event)...) })
		})
		if time.Since(began) > lastPause {
			heard = time.Now()
		}
		return err
	}
}

// line is a line of the log as it was read, if it is of the service.
func (s *state) line(at time.Time, e envoyadmin.OutlierEvent) []timeline.Entry {
	if e.Cluster != s.cluster {
		return nil
	}
	return []timeline.Entry{{Time: at, Outlier: &timeline.Outlier{Decided: e.Time, Pod: s.fold.Name(e.Address), Address: e.Address,
		Ejected: e.Ejected, Enforced: e.Enforced, Type: e.Type, Number: e.Ejections, Since: e.Since}}}
}

// clock asks other clocks for their time: often at first, as each answer bounds
// the difference, then now and then.
func (s *Session) clock(ctx context.Context, alive func()) error {
	client, err := s.mesh.Client(ctx)
	if err != nil {
		return err
	}
	for pause := firstDates; ; pause = min(pause*3/2, lastDates) {
		dates, err := s.mesh.Dates(ctx, client)
		if err != nil {
			return err
		}
		alive()
		s.tell(ctx, func(st *state) []timeline.Entry {
			var entries []timeline.Entry
			for _, d := range dates {
				if c := st.clocks[d.Clock]; c != nil {
					entries = append(entries, c.date(d)...)
				}
			}
			return st.clocked(entries)
		})
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// Bounds of the time between two questions for the date.
const (
	firstDates = 130 * time.Millisecond
	lastDates  = 20 * time.Second
)

func (s *Session) rule(first mesh.Rule) source {
	last := first
	return func(ctx context.Context, alive func()) error {
		next := time.NewTicker(ruleEvery)
		defer next.Stop()
		for {
			now, err := s.mesh.Rule(ctx)
			if err != nil {
				return err
			}
			alive()
			if !bytes.Equal(now.Spec, last.Spec) {
				last = now
				s.note(ctx, timeline.Event{Kind: timeline.RuleChanged, Rule: &now.Rule, Source: "API server"})
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-next.C:
			}
		}
	}
}

// load sends what was last asked for, until something else is asked for.
func (s *Session) load(ctx context.Context, alive func()) error {
	select {
	case <-s.ready: // before, no answer could be told by its pod
	case <-ctx.Done():
		return ctx.Err()
	}
	var want mesh.Load
	select {
	case want = <-s.loads:
	case <-ctx.Done():
		return ctx.Err()
	}
	if want.Concurrency == 0 {
		alive()
		return nil
	}
	client, err := s.mesh.Client(ctx)
	if err != nil {
		s.again(want)
		return err
	}
	run, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	called := time.Now()
	go func() {
		ended <- s.mesh.Send(run, client, want, func(sent time.Time, a timeline.Answer) {
			arrived := time.Now()
			alive()
			s.tell(ctx, func(st *state) []timeline.Entry {
				if sent.After(st.newest) {
					st.newest = sent
				}
				entries := st.clocked(st.clocks[timeline.SidecarClock].answer(arrived, called, sent, sent.Add(a.Latency)))
				return append(append(entries, timeline.Entry{Time: sent, Answer: &a}), st.fold.Answer(sent, a)...)
			})
		})
	}()
	select {
	case err := <-ended:
		s.again(want)
		if err == nil {
			err = fmt.Errorf("the load ended by itself")
		}
		return err
	case other := <-s.loads:
		stop()
		<-ended //nolint:errcheck // it was stopped by us
		s.again(other)
		return nil
	}
}

// again asks for a load unless another one was asked for since.
func (s *Session) again(l mesh.Load) {
	select {
	case s.loads <- l:
	default:
	}
}
