package verify

import (
	"fmt"
	"math"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
)

const (
	// cleanAnswers is how many show that the rest is clean, where the return is
	// not waited for.
	cleanAnswers = 20
	// late is what Envoy's timers and ours may add on a busy machine.
	late = time.Second
	// early is what Envoy's clock may round away.
	early = 20 * time.Millisecond
	// lead is how long before the return a burst begins: starting it takes time.
	lead = 1500 * time.Millisecond
	// most bounds the workers of a burst.
	most = 400
)

// clean waits for the rest of the first ejection, and counts its errors.
func (r *run) clean() error {
	answers := func() (n int) {
		for _, a := range r.ledger.out() {
			for _, b := range r.ledger.pods {
				for _, x := range b.answers {
					if x.sent.After(a.outs[0].at().Add(handOver)) {
						n++
					}
				}
			}
		}
		return n
	}
	var err error
	if r.wants(Return) {
		err = r.awaitReturn()
	} else {
		_, err = r.until(r.outLimit(1), func() bool { return answers() >= cleanAnswers || r.back(0) })
	}
	if err != nil {
		return err
	}
	errors, held := 0, 0
	for _, a := range r.ledger.out() {
		e, h := r.ledger.errorsWhileOut(a, 0)
		errors, held = errors+e, held+h
	}
	r.result.ErrorsWhileEjected = errors
	p := timeline.Phase{Name: Clean, Expected: "no error from a pod while it is out", Measured: breaker.Count(errors, "error"),
		Tolerance: "none", Why: "the sidecar sends nothing to an ejected pod", Statement: stated(errors == 0)}
	if held > 0 {
		p.Measured += fmt.Sprintf(", and %d within %s of the ejection", held, breaker.UpdateWindow)
		p.Tolerance = "up to " + breaker.UpdateWindow.String() + " after an ejection that follows another change"
		p.Why += "; its workers hear of changes that follow one another once in " + breaker.UpdateWindow.String()
	}
	return r.report(p)
}

// comeBack compares the first time out with the base ejection time.
func (r *run) comeBack() error {
	if err := r.awaitReturn(); err != nil {
		return err
	}
	for _, a := range r.ledger.out() {
		p := r.lasted(a, 0, r.rule.Out(1), 1)
		p.Name = Return
		if err := r.report(p); err != nil {
			return err
		}
	}
	return nil
}

// awaitReturn waits until each pod is back from its first ejection. Where the
// second is to be longer, the burst that causes it has to be under way by then:
// Envoy forgets the first within a sweep.
func (r *run) awaitReturn() error {
	if r.wants(Second) && len(r.ledger.out()) > 0 && !r.back(0) {
		soonest := r.ledger.out()[0].outs[0].at()
		for _, a := range r.ledger.out() {
			if at := a.outs[0].at(); at.Before(soonest) {
				soonest = at
			}
		}
		start := soonest.Add(r.rule.Out(1).Least - lead)
		if _, err := r.until(time.Until(start), func() bool { return !time.Now().Before(start) }); err != nil {
			return err
		}
		r.session.SetLoad(r.burst())
	}
	_, err := r.until(r.outLimit(1), func() bool { return r.back(0) })
	return err
}

// second has the pods ejected again within a sweep of their return, while
// Envoy's factor still stands, and compares how long they are out.
func (r *run) second() error { return r.again(Second, 1) }

// backoff lets the pods be back for long enough that the factor falls.
func (r *run) backoff() error {
	if _, err := r.until(3*r.rule.Sweep(), func() bool { return false }); err != nil {
		return err
	}
	r.session.SetLoad(r.burst())
	return r.again(Backoff, 2)
}

// again waits until the burst has had each pod ejected once more, and that is over.
func (r *run) again(name string, i int) error {
	ejected := func() bool {
		for _, a := range r.ledger.out() {
			if len(a.outs) <= i {
				return false
			}
		}
		return true
	}
	if _, err := r.until(time.Minute+10*r.Load.Timeout, ejected); err != nil {
		return err
	}
	// No error may come right after the return, or the next ejection begins then.
	r.session.SetLoad(mesh.Load{})
	if _, err := r.until(r.outLimit(i+1), func() bool { return r.back(i) }); err != nil {
		return err
	}
	for _, a := range r.ledger.out() {
		p := timeline.Phase{Pod: a.name, Expected: "ejected again", Measured: "not ejected again"}
		if len(a.outs) > i {
			low, high := r.factor(a, i)
			p = r.lasted(a, i, breaker.Span{Least: r.rule.Out(low).Least, Most: r.rule.Out(high).Most}, high)
			p.Measured += fmt.Sprintf(", before %s; it had been back for %s", seconds(a.outs[i-1].lasted()), seconds(a.outs[i].at().Sub(a.outs[i-1].back())))
		}
		p.Name = name
		if err := r.report(p); err != nil {
			return err
		}
	}
	return nil
}

// factor is the i-th ejection's by the model, from the times between. The first
// sweep after a return may come a moment before the pod has been back for a
// whole interval, and then it does not count.
func (r *run) factor(a *account, i int) (low, high int) {
	low, high = 1, 1
	for k := 1; k <= i; k++ {
		back, near := a.outs[k].at().Sub(a.outs[k-1].back()), r.rule.Sweep()/10
		low, high = r.rule.Factor(low, back+near), r.rule.Factor(high, max(back-near-r.rule.Sweep(), 0))
	}
	return low, high
}

// lasted compares how long a pod was out with a span, which comes of a factor.
func (r *run) lasted(a *account, i int, want breaker.Span, factor int) timeline.Phase {
	p := timeline.Phase{Pod: a.name, Expected: "back after " + between(want), Tolerance: "up to " + seconds(late) + " more",
		Why: fmt.Sprintf("%d x base %s, and up to one sweep of %s, which is when Envoy looks for pods to return; timers of a busy machine may be late",
			factor, breaker.Short(r.rule.Base()), breaker.Short(r.rule.Sweep()))}
	if len(a.outs) <= i || !a.outs[i].returned() {
		p.Measured = "not back"
		p.Diagnosis = "no return seen within the limit; look at interval and baseEjectionTime of the rule, and whether the sidecar is alive"
		return p
	}
	took := a.outs[i].lasted()
	p.Measured = "back after " + seconds(took)
	p.Statement = stated(took >= want.Least-early && took <= want.Most+late)
	return p
}

// back is true once every pod that was out is back from its i-th ejection.
func (r *run) back(i int) bool {
	now := time.Now()
	for _, a := range r.ledger.out() {
		if len(a.outs) <= i || !a.outs[i].backSettled(now) {
			return false
		}
	}
	return true
}

// outLimit bounds the wait for a return.
func (r *run) outLimit(factor int) time.Duration {
	return r.rule.Out(factor).Most + 15*time.Second + r.Load.Timeout
}

// burst is a load that reaches the threshold of every faulty pod within half
// a sweep. Workers gather at the slow pods, so as many are needed as leave each
// pod enough of them whose random delay happens to be short.
func (r *run) burst() mesh.Load {
	slowest := time.Duration(0)
	for _, a := range r.ledger.failing() {
		for _, x := range a.answers {
			slowest = max(slowest, x.end.Sub(x.sent))
		}
	}
	share := min(r.rule.Sweep().Seconds()/2/max(slowest.Seconds(), 0.001), 1)
	workers := math.Ceil(1.5 * float64(r.result.Threshold.Configured) / share * float64(len(r.ledger.failing())))
	l := r.Load
	l.Concurrency = int(min(max(workers, float64(l.Concurrency)), most))
	// Enough to fill the workers within a fifth of a second, not to flood the rest.
	l.Rate = max(l.Rate, min(max(5*float64(l.Concurrency), 100), 600))
	return l
}
