// Package watch merges what the client's sidecar, the API server and the load
// say into one stream of timeline entries. It goes on when pods come and go, the
// sidecar restarts, or a connection is lost: each source is asked again until
// the session ends, and the stream says when one was lost and when it was back.
package watch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"istio-circuit-breaker/internal/ejection"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
)

const (
	// poll is the time between two looks at the sidecar. An ejection is to be
	// seen within half a second of Envoy's decision.
	poll = 100 * time.Millisecond
	// ruleEvery is the time between two looks at the rule.
	ruleEvery = time.Second
	// heartbeat is the longest time without a snapshot.
	heartbeat = time.Second
)

// Options of a session.
type Options struct {
	Command string    // for the Header
	Label   string    // for the Header
	Load    mesh.Load // to begin with; the zero Load is none
	// Complete adds to the Header what only the caller knows; nil adds nothing.
	Complete func(*timeline.Header)
}

// Session is a running watch.
type Session struct {
	mesh    mesh.Mesh
	entries chan timeline.Entry
	inputs  chan input
	poke    chan struct{} // look at the sidecar now
	ready   chan struct{} // closed when pods and endpoints were seen once
	loads   chan mesh.Load
	refused chan error
}

// input changes the state by what a source said, and makes entries of it.
type input func(*state) []timeline.Entry

// Start reads the rule and begins. The session ends with ctx; what cannot be
// reached at the start is an error, what is lost later is not.
func Start(ctx context.Context, m mesh.Mesh, o Options) (*Session, error) {
	rule, err := m.Rule(ctx)
	if err != nil {
		return nil, err
	}
	client, err := m.Client(ctx)
	if err != nil {
		return nil, err
	}
	context, namespace := m.Where()
	s := &Session{mesh: m, entries: make(chan timeline.Entry, 1024), inputs: make(chan input, 64),
		poke: make(chan struct{}, 1), ready: make(chan struct{}), loads: make(chan mesh.Load, 1), refused: make(chan error, 1)}
	header := timeline.Header{Version: timeline.Version, Command: o.Command, Label: o.Label, Context: context,
		Namespace: namespace, Service: mesh.Host(namespace, client.Domain), Rule: rule.Rule}
	if o.Complete != nil {
		o.Complete(&header)
	}
	s.entries <- timeline.Entry{Time: time.Now(), Header: &header}
	s.SetLoad(o.Load)
	var sources sync.WaitGroup
	for what, follow := range map[string]source{
		ejection.PodsSource:   s.pods,
		ejection.HealthSource: s.sidecar,
		ejection.LogSource:    s.log(),
		"rule":                s.rule(rule),
		"clock":               s.clock,
		"load":                s.load,
	} {
		sources.Go(func() { s.keep(ctx, what, follow) })
	}
	go func() {
		s.run(ctx, newState(mesh.EnvoyCluster(namespace, client.Domain)))
		sources.Wait()
		close(s.entries)
	}()
	return s, nil
}

// Entries is the stream; it is closed when the session has ended.
func (s *Session) Entries() <-chan timeline.Entry { return s.entries }

// SetLoad changes the load; the zero Load stops it. It does not wait.
func (s *Session) SetLoad(l mesh.Load) {
	for {
		select {
		case s.loads <- l:
			return
		default:
		}
		select {
		case <-s.loads: // nobody has taken the one before
		default:
		}
	}
}

// run applies the inputs one by one, and writes entries and snapshots.
func (s *Session) run(ctx context.Context, st *state) {
	beat := time.NewTicker(heartbeat / 10)
	defer beat.Stop()
	for {
		var entries []timeline.Entry
		select {
		case <-ctx.Done():
			return
		case apply := <-s.inputs:
			entries = apply(st)
		case <-beat.C:
		}
		now := time.Now()
		entries = append(st.release(now, entries), st.snapshot(now)...)
		if st.complete() {
			select {
			case <-s.ready:
			default:
				close(s.ready)
			}
		}
		for _, e := range entries {
			select {
			case s.entries <- e:
			case <-ctx.Done():
				return
			}
		}
	}
}

// tell hands an input to run.
func (s *Session) tell(ctx context.Context, apply input) {
	select {
	case s.inputs <- apply:
	case <-ctx.Done():
	}
}

// note puts an event on record.
func (s *Session) note(ctx context.Context, e timeline.Event) {
	at := time.Now()
	s.tell(ctx, func(*state) []timeline.Entry { return []timeline.Entry{{Time: at, Event: &e}} })
}

// Bounds of the wait before a source is asked again.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 2 * time.Second
)

// source follows one source until it is lost, and calls alive when it hears of it.
type source func(ctx context.Context, alive func()) error

// keep follows a source again and again until ctx ends.
func (s *Session) keep(ctx context.Context, what string, follow source) {
	l := life{pause: firstPause}
	for ctx.Err() == nil {
		err := follow(ctx, func() {
			if l.alive() {
				s.note(ctx, timeline.Event{Kind: timeline.SourceBack, Source: what})
			}
		})
		if err == nil || ctx.Err() != nil {
			continue // in good order, such as a load that was changed
		}
		first, pause := l.lose()
		if first {
			s.note(ctx, timeline.Event{Kind: timeline.SourceLost, Source: what, Detail: fmt.Sprint(err)})
			if errors.Is(err, mesh.ErrRefused) {
				s.refuse(fmt.Errorf("following the %s: %w", what, err))
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// life is whether a source is heard of, which it may say from several goroutines.
type life struct {
	mu    sync.Mutex
	pause time.Duration // before it is asked again
	lost  bool
}

// alive is true where the source is back.
func (l *life) alive() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	back := l.lost
	l.pause, l.lost = firstPause, false
	return back
}

// lose is whether the source was there until now, and how long to wait for it.
func (l *life) lose() (first bool, pause time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first, pause = !l.lost, l.pause
	l.lost, l.pause = true, min(2*l.pause, lastPause)
	return first, pause
}

// Refused tells of a source that is not allowed, which no patience brings back.
// The session goes on without it.
func (s *Session) Refused() <-chan error { return s.refused }

func (s *Session) refuse(err error) {
	select {
	case s.refused <- err:
	default: // one is enough
	}
}
