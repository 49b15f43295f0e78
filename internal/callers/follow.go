package callers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"istio-circuit-breaker/internal/envoyadmin"
	"istio-circuit-breaker/internal/timeline"
)

// Envoy is a caller's, through one connection that is made again where it is lost.
type Envoy interface {
	// Admin asks the admin interface; said is the date of the answer, zero where it
	// has none.
	Admin(ctx context.Context, path string) (body []byte, said time.Time, err error)
	// Log follows the container's output: that of the last back, and all that is
	// new.
	Log(ctx context.Context, back time.Duration, line func([]byte)) error
	// Close gives the connection up, until the next question.
	Close()
}

const (
	// heavy is an answer of an Envoy that knows no filter, in bytes; such a one is
	// asked only every heavyEvery, for its own sake.
	heavy      = 1 << 20
	heavyEvery = 2 * time.Second
	// quietEvery is the least time between two looks at a caller that has not
	// called; quietEach of them are looked at within a second.
	quietEvery = time.Second
	quietEach  = 20
	// idle is the wait that is too long to keep a connection for.
	idle = 5 * time.Second
	// firstPause and lastPause bound the time before a lost caller is asked again.
	firstPause = 200 * time.Millisecond
	lastPause  = 5 * time.Second
)

// noCluster is why a caller has no view.
const noCluster = "its Envoy has no cluster of the service: a Sidecar or exportTo hides it, or there is no such port"

// follower reads one caller until its context ends.
type follower struct {
	s      *Session
	caller Caller
	envoy  Envoy
	poke   chan struct{} // look now

	mu     sync.Mutex
	ahead  bounds
	views  map[string]*view
	lost   string // why it cannot be read; empty while it can
	unread bool   // it never was
	size   int    // of the newest answer
}

func (f *follower) run(ctx context.Context) {
	defer f.envoy.Close()
	var parts sync.WaitGroup
	defer parts.Wait()
	if f.caller.Log {
		parts.Go(func() { f.log(ctx) })
	}
	pause := firstPause
	for ctx.Err() == nil {
		began := time.Now()
		err := f.look(ctx)
		if ctx.Err() != nil {
			return
		}
		wait := f.pace() - time.Since(began)
		if f.told(ctx, err); err == nil {
			pause = firstPause
		} else {
			wait, pause = pause, min(2*pause, lastPause)
		}
		if wait > idle {
			f.envoy.Close()
		}
		next := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-next.C:
		case <-f.poke:
		}
		next.Stop()
	}
}

// look reads the caller once. Of those that have not called only a few are read
// at a time, so that hundreds of them hold nobody else up.
func (f *follower) look(ctx context.Context) error {
	if !f.called() {
		select {
		case f.s.slots <- struct{}{}:
			defer func() { <-f.s.slots }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	asked := time.Now()
	body, said, err := f.envoy.Admin(ctx, f.s.scope.Target.ClustersPath())
	if err != nil {
		return err
	}
	answered := time.Now()
	clusters, err := envoyadmin.ParseSomeClusters(body, f.s.scope.Target.Has)
	if err != nil {
		return err
	}
	f.mu.Lock()
	f.size = len(body)
	f.ahead.date(asked, answered, said)
	for name, v := range f.views {
		if _, has := clusters[name]; !has && len(v.cells) > 0 { // its configuration is on its way, or gone for good
			clusters[name] = nil
		}
	}
	f.mu.Unlock()
	if len(clusters) == 0 {
		return errors.New(noCluster)
	}
	names := f.s.pods()
	for name, endpoints := range clusters {
		events, err := f.lookAt(ctx, name, asked, answered, endpoints, names)
		if err != nil {
			return err
		}
		f.s.tell(ctx, events)
	}
	return nil
}

// lookAt takes a look at one cluster, and asks for what belongs to it as needed.
func (f *follower) lookAt(ctx context.Context, name string, asked, answered time.Time, endpoints []envoyadmin.Endpoint, names Names) ([]Event, error) {
	f.mu.Lock()
	v := f.views[name]
	if v == nil {
		v = newView(f.caller, name)
	}
	asks := v.asksCounters(asked, endpoints)
	f.mu.Unlock()
	var counters *timeline.Counters
	config, known := v.outlier, v.outlierKnown
	if asks {
		body, _, err := f.envoy.Admin(ctx, envoyadmin.StatsPath(name))
		if err != nil {
			return nil, err
		}
		stats, err := envoyadmin.ParseStats(body, name)
		if err != nil {
			return nil, err
		}
		counters = &stats.Counters
		if body, _, err = f.envoy.Admin(ctx, envoyadmin.ConfigPath(name)); err != nil {
			return nil, err
		}
		has, err := envoyadmin.ParseConfig(body, name)
		config, known = has.Outlier, err == nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.views[name] = v
	v.ahead, v.outlier, v.outlierKnown = f.ahead, config, known
	v.fold.SetAhead(f.ahead.ahead())
	return v.take(asked, answered, endpoints, counters, names), nil
}

// called is whether the caller calls the service, or was asked for by name.
func (f *follower) called() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	called := f.s.scope.byName() && len(f.views) > 0
	for _, v := range f.views {
		called = called || v.requests > 0
	}
	return called
}

// pace is the time from one look to the next.
func (f *follower) pace() time.Duration {
	called := f.called()
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case !called:
		return max(quietEvery, time.Duration(f.s.number())*time.Second/quietEach)
	case f.size > heavy:
		return max(heavyEvery, f.s.every)
	default:
		return f.s.every
	}
}

// told says once that the caller is lost, and once that it is back.
func (f *follower) told(ctx context.Context, err error) {
	f.mu.Lock()
	was := f.lost
	f.lost = ""
	if err != nil {
		f.lost = err.Error()
	}
	never := len(f.views) == 0
	f.unread = err != nil && never
	now := f.lost
	f.mu.Unlock()
	e := Event{Time: time.Now(), Caller: f.caller.String(), Workload: f.caller.Workload, CallerKind: f.caller.Kind, Detail: now, Source: adminSource}
	switch {
	case now != "" && never && was != now:
		e.Kind = CallerUnread
	case now != "" && was == "":
		e.Kind = timeline.SourceLost
	case now == "" && was != "":
		e.Kind = timeline.SourceBack
	default:
		return
	}
	f.s.tell(ctx, []Event{e})
}

// adminSource is where what is known of a caller comes from.
const adminSource = "admin interface"

// show is what is known of the caller.
func (f *follower) show() (views []View, unread *Unread) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.unread {
		return nil, &Unread{Name: f.caller.String(), Reason: f.lost, Workload: f.caller.Workload}
	}
	for _, v := range f.views {
		shown := v.show()
		shown.Lost = f.lost
		views = append(views, shown)
	}
	slices.SortFunc(views, func(a, b View) int { return strings.Compare(a.Cluster, b.Cluster) })
	return views, nil
}

// found is the event of a caller that is new.
func found(c Caller) Event {
	return Event{Time: time.Now(), Kind: CallerFound, Caller: c.String(), Workload: c.Workload, CallerKind: c.Kind, Source: "API server",
		Detail: fmt.Sprintf("a %s of %s", c.Kind, c.Workload)}
}
