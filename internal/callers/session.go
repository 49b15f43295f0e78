package callers

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"istio-circuit-breaker/internal/target"
	"istio-circuit-breaker/internal/timeline"
)

const (
	// findEvery and podsEvery are the times between two looks at the API server.
	findEvery = 10 * time.Second
	podsEvery = 2 * time.Second
	// waiting bounds how many events wait to be taken, and asking how many callers
	// that have not called are asked at once.
	waiting = 1024
	asking  = 16
)

// Cluster is where callers are.
type Cluster interface {
	// Check says whether there is such a service.
	Check(ctx context.Context, t target.Target) error
	// Find finds the callers.
	Find(ctx context.Context, s Scope) Found
	// Pods names the service's pods.
	Pods(ctx context.Context, t target.Target) (Names, error)
	// Open is a caller's Envoy. It does not connect yet.
	Open(c Caller) Envoy
}

// Session is a running watch of all callers.
type Session struct {
	cluster Cluster
	scope   Scope
	every   time.Duration
	began   time.Time
	events  chan Event
	slots   chan struct{}

	mu        sync.Mutex
	followers map[string]*follower // by UID
	stops     map[string]context.CancelFunc
	unread    []Unread
	names     Names
	namesLost bool
}

// Start looks for callers, and begins to read those that are found every so often.
// It ends with ctx.
func Start(ctx context.Context, cluster Cluster, scope Scope, every time.Duration) (*Session, error) {
	if err := cluster.Check(ctx, scope.Target); err != nil {
		return nil, err
	}
	s := &Session{cluster: cluster, scope: scope, every: every, began: time.Now(), events: make(chan Event, waiting), slots: make(chan struct{}, asking),
		followers: map[string]*follower{}, stops: map[string]context.CancelFunc{}, names: Names{}}
	go func() {
		var running sync.WaitGroup
		s.listPods(ctx) // before the first look, whose pods want names
		running.Go(func() { s.repeat(ctx, podsEvery, s.listPods) })
		s.repeat(ctx, findEvery, func(ctx context.Context) { s.find(ctx, &running) })
		running.Wait()
		close(s.events)
	}()
	return s, nil
}

// Events is all that happens, in order for each caller. It is closed when the
// session has ended, and has to be read until then.
func (s *Session) Events() <-chan Event { return s.events }

// Matrix is what is known now.
func (s *Session) Matrix() Matrix {
	s.mu.Lock()
	m := Matrix{Target: s.scope.Target, Began: s.began, Unread: slices.Clone(s.unread)}
	all := make([]*follower, 0, len(s.followers))
	for _, f := range s.followers {
		all = append(all, f)
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b *follower) int {
		return strings.Compare(a.caller.Namespace+"/"+a.caller.Pod, b.caller.Namespace+"/"+b.caller.Pod)
	})
	for _, f := range all {
		views, unread := f.show()
		m.Views = append(m.Views, views...)
		if unread != nil {
			m.Unread = append(m.Unread, *unread)
		}
	}
	return m
}

// seldom is how many times longer than it takes something pauses, so that what is
// much for the API server is not asked for all the time.
const seldom = 20

// repeat does something now and ever so often until ctx ends.
func (s *Session) repeat(ctx context.Context, every time.Duration, do func(context.Context)) {
	for {
		began := time.Now()
		do(ctx)
		next := time.NewTimer(max(every, seldom*time.Since(began)))
		select {
		case <-ctx.Done():
			next.Stop()
			return
		case <-next.C:
		}
	}
}

// find starts to read callers that are new, and leaves those that are gone.
func (s *Session) find(ctx context.Context, running *sync.WaitGroup) {
	now := s.cluster.Find(ctx, s.scope)
	if ctx.Err() != nil {
		return
	}
	var events []Event
	here := map[string]bool{}
	s.mu.Lock()
	for _, c := range now.Callers {
		here[c.UID] = true
		if s.followers[c.UID] != nil {
			continue
		}
		f := &follower{s: s, caller: c, envoy: s.cluster.Open(c), poke: make(chan struct{}, 1), views: map[string]*view{}}
		own, stop := context.WithCancel(ctx)
		s.followers[c.UID], s.stops[c.UID] = f, stop
		events = append(events, found(c))
		running.Go(func() { defer stop(); f.run(own) })
	}
	for uid, f := range s.followers {
		// Where a namespace cannot be listed just now, its callers are still there.
		if here[uid] || hidden(f.caller, now.Unread) {
			continue
		}
		s.stops[uid]()
		delete(s.followers, uid)
		delete(s.stops, uid)
		events = append(events, Event{Time: time.Now(), Kind: CallerGone, Caller: f.caller.String(), Workload: f.caller.Workload, CallerKind: f.caller.Kind, Source: "API server"})
	}
	for _, u := range now.Unread {
		if !slices.Contains(s.unread, u) {
			events = append(events, Event{Time: time.Now(), Kind: CallerUnread, Caller: u.Name, Detail: u.Reason, Source: "API server"})
		}
	}
	s.unread = now.Unread
	s.mu.Unlock()
	s.tell(ctx, events)
}

// hidden is whether a caller may be among those that could not be listed.
func hidden(c Caller, unread []Unread) bool {
	return slices.ContainsFunc(unread, func(u Unread) bool {
		return u.Name == allNamespaces || u.Name == otherNamespaces || u.Name == namespaceOf+c.Namespace
	})
}

// listPods reads the names of the service's pods; addresses stand for them where
// that is not possible, and that is said once.
func (s *Session) listPods(ctx context.Context) {
	names, err := s.cluster.Pods(ctx, s.scope.Target)
	s.mu.Lock()
	was := s.namesLost
	if s.namesLost = err != nil; err == nil {
		s.names = names
	}
	s.mu.Unlock()
	if err != nil && !was && ctx.Err() == nil {
		s.tell(ctx, []Event{{Time: time.Now(), Kind: timeline.SourceLost, Source: "API server", Detail: err.Error()}})
	} else if err == nil && was {
		s.tell(ctx, []Event{{Time: time.Now(), Kind: timeline.SourceBack, Source: "API server"}})
	}
}

func (s *Session) pods() Names {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.names
}

func (s *Session) number() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.followers)
}

func (s *Session) tell(ctx context.Context, events []Event) {
	for _, e := range events {
		select {
		case s.events <- e:
		case <-ctx.Done():
			return
		}
	}
}
