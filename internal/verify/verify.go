package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
	"istio-circuit-breaker/internal/watch"
)

// firstLook bounds the wait for what the sidecar and the API server say at first.
const firstLook = 15 * time.Second

// Options of a proof.
type Options struct {
	Load mesh.Load
	// Phases in any order; they run in the order of All.
	Phases []string
	// MaxDelay of the faulty pods; for the estimate of the time needed only.
	MaxDelay time.Duration
	// Each is called with every entry of the stream, the phases and the verdict
	// included. An error from it ends the proof.
	Each func(timeline.Entry) error
	// Say tells progress that is no entry; one line each.
	Say func(line string)
}

// run is a proof under way.
type run struct {
	Options
	ctx     context.Context
	mesh    mesh.Mesh
	rule    breaker.Rule
	managed bool
	client  mesh.Client
	session *watch.Session
	ledger  *ledger
	result  *Result
	began   time.Time // of the phase under way
}

// Run does the proof. The Result is complete where the proof could be done,
// whether it agrees or not; an error says why it could not.
func Run(ctx context.Context, m mesh.Mesh, o Options) (*Result, error) {
	r := &run{Options: o, ctx: ctx, mesh: m, ledger: newLedger(), result: &Result{}, began: time.Now()}
	ready, err := r.preflight()
	if err != nil {
		return nil, err
	}
	if ready {
		if err := r.live(); err != nil {
			return nil, err
		}
	}
	return r.result, r.conclude()
}

// live drives the load through the phases.
func (r *run) live() error {
	ctx, stop := context.WithCancel(r.ctx)
	var err error
	if r.session, err = watch.Start(ctx, r.mesh, watch.Options{Command: "verify", Load: r.Load}); err != nil {
		stop()
		return err
	}
	defer func() { // no request is under way when the proof is over
		stop()
		for range r.session.Entries() {
		}
	}()
	if seen, err := r.until(firstLook, func() bool { return r.ledger.seen }); err != nil || !seen {
		return cmp.Or(err, errors.New("waiting for the first look at the sidecar: nothing in "+firstLook.String()))
	}
	for _, phase := range []struct {
		name string
		do   func() error
	}{
		{Mix, r.mix}, {Off, r.off}, {Trip, r.trip}, {Clean, r.clean}, {Return, r.comeBack},
		{Second, r.second}, {Backoff, r.backoff}, {Counters, r.counters}, {Healthy, r.healthy},
	} {
		if !r.wants(phase.name) || r.pointless(phase.name) {
			continue
		}
		if phase.name == Counters {
			r.session.SetLoad(mesh.Load{}) // so that they stand still
		}
		r.began = time.Now()
		if err := phase.do(); err != nil {
			return fmt.Errorf("proving %q: %w", phase.name, err)
		}
		if r.ledger.restarted {
			return fmt.Errorf("proving %q: the client's sidecar restarted meanwhile, and forgot its counts", phase.name)
		}
	}
	r.measure()
	return nil
}

func (r *run) wants(phase string) bool { return slices.Contains(r.Phases, phase) }

// pointless is true for what comes after an ejection, where there was none.
func (r *run) pointless(phase string) bool {
	return slices.Contains([]string{Clean, Return, Second, Backoff}, phase) && len(r.ledger.out()) == 0
}

// until feeds the ledger until the condition holds. It is false where that took
// longer than limit.
func (r *run) until(limit time.Duration, holds func() bool) (bool, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for !holds() {
		select {
		case e, open := <-r.session.Entries():
			if !open {
				return false, context.Cause(r.ctx)
			}
			r.ledger.apply(e)
			if err := r.Each(e); err != nil {
				return false, err
			}
		case <-r.ctx.Done():
			return false, context.Cause(r.ctx)
		case <-timer.C:
			return holds(), nil
		}
	}
	return true, nil
}

// report puts a phase on record.
func (r *run) report(p timeline.Phase) error {
	p.Took = time.Since(r.began).Round(time.Millisecond)
	if p.Statement == timeline.Proven {
		p.Diagnosis = ""
	}
	r.result.Phases = append(r.result.Phases, p)
	return r.Each(timeline.Entry{Time: time.Now(), Phase: &p})
}
