package verify

import (
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/judge"
	"istio-circuit-breaker/internal/mesh"
)

const (
	// mixLimit is how long all pods may take to answer once, delays apart.
	mixLimit = 30 * time.Second
	// unshown is how much of a time out may show nothing: workers hear of a change
	// that follows another up to a second late.
	unshown = breaker.UpdateWindow + 300*time.Millisecond
	// perOut is how many answers are wanted in each time out.
	perOut = 30
	// countLimit is how long the counters may take to stand still.
	countLimit = 8 * time.Second
	// narrowings is how often a threshold is measured again, one request at a time.
	narrowings = 3
	// resting is how many sweeps make Envoy forget the second ejection: one for
	// each, one that may come a moment too early, and one to spare.
	resting = 4
	// narrowRate leaves 200ms between two errors of one pod of two, at first.
	narrowRate = 10.0
)

// mix has every pod called.
func (d *driver) mix() error {
	if err := d.send(d.Load, ""); err != nil {
		return err
	}
	pods, _ := d.record.PodsNow()
	return d.settle(judge.Mix, mixLimit+time.Duration(pods+1)*d.Load.Timeout)
}

// off waits for far more errors than any threshold.
func (d *driver) off() error {
	if err := d.send(d.Load, ""); err != nil {
		return err
	}
	_, failing := d.record.PodsNow()
	return d.settle(judge.Off, d.errorsLimit(enough, failing))
}

// never waits for far more errors than any threshold of the rule's.
func (d *driver) never() error {
	if err := d.send(d.Load, ""); err != nil {
		return err
	}
	_, failing := d.record.PodsNow()
	return d.settle(judge.Never, d.errorsLimit(judge.Uncounted(d.rule), failing))
}

// trip waits for the first ejection of each faulty pod.
func (d *driver) trip() error {
	if err := d.send(d.Load, ""); err != nil {
		return err
	}
	_, failing := d.record.PodsNow()
	limit := d.errorsLimit(2*d.threshold(), failing)
	if err := d.settleOr(judge.Trip, limit, func() bool { return d.record.Ejections() > 0 }); err != nil {
		return err
	}
	if d.record.Ejections() > 0 {
		if err := d.callMore(); err != nil {
			return err
		}
	}
	return d.settle(judge.Trip, limit)
}

func (d *driver) errorsLimit(errors, failing int) time.Duration {
	return min(time.Minute+time.Duration(errors*max(failing, 1))*d.Load.Timeout, time.Hour)
}

// threshold is the largest number of errors that anything may wait for.
func (d *driver) threshold() int {
	errors, _ := d.rule.ThresholdFor(d.Code)
	most := int(errors)
	if g := d.rule.ConsecutiveGatewayErrors; g != nil {
		most = max(most, int(*g))
	}
	if most == 0 {
		return enough
	}
	return most
}

// clean waits for enough answers while pods are out.
func (d *driver) clean() error {
	return d.showClean()
}

// showClean has enough answers come while pods are out, where that is to be shown.
func (d *driver) showClean() error {
	if !d.wants(judge.Clean) || d.record.Ejections() == 0 {
		return nil
	}
	if err := d.callMore(); err != nil {
		return err
	}
	return d.settle(judge.Clean, d.outLimit(1))
}

// comeBack waits until each pod is back from its first ejection. Where the second
// is to be longer, the burst that causes it has to be under way by then: Envoy
// forgets the first within a sweep.
func (d *driver) comeBack() error {
	if d.record.Ejections() == 0 {
		return nil
	}
	if d.wants(judge.Second) {
		if err := d.burstAt(0); err != nil {
			return err
		}
		_, err := d.until(d.outLimit(1), "the return of the pods that are out", func() bool { return d.record.Back(0) })
		return err
	}
	return d.settle(judge.Return, d.outLimit(1))
}

// burstAt begins a burst just before the pods are back from their i-th ejection.
func (d *driver) burstAt(i int) error {
	start := d.record.FirstOut(i).Add(d.rule.Out(i+1).Least - lead)
	if _, err := d.until(time.Until(start), "the time shortly before the return", func() bool { return !time.Now().Before(start) }); err != nil {
		return err
	}
	return d.send(d.burst(), "")
}

// second has the pods ejected again within a sweep of their return, while Envoy's
// factor still stands.
func (d *driver) second() error { return d.again(1) }

// backoff lets the pods be back for long enough that the factor falls.
func (d *driver) backoff() error {
	if d.record.Ejections() == 0 {
		return nil
	}
	if err := d.rest(resting * d.rule.Sweep()); err != nil {
		return err
	}
	if err := d.send(d.burst(), ""); err != nil {
		return err
	}
	if err := d.again(2); err != nil {
		return err
	}
	// Whoever is back has to answer; the load was off.
	if err := d.send(d.calling(), ""); err != nil {
		return err
	}
	return d.settle(judge.Backoff, 2*d.Load.Timeout)
}

// again waits until the burst has had each pod ejected once more, and that is over.
func (d *driver) again(i int) error {
	if d.record.Ejections() == 0 {
		return nil
	}
	if _, err := d.until(time.Minute+10*d.Load.Timeout, "another ejection of each pod", func() bool { return d.record.Ejected(i) }); err != nil {
		return err
	}
	if err := d.send(d.calling(), ""); err != nil {
		return err
	}
	if err := d.settle(judge.Clean, d.rule.Out(i+1).Least-unshown/4); err != nil {
		return err
	}
	// No error may come right after the return, or the next ejection begins then.
	if err := d.send(mesh.Load{}, ""); err != nil {
		return err
	}
	_, err := d.until(d.outLimit(i+1), "the return of the pods that are out", func() bool { return d.record.Back(i) })
	return err
}

func (d *driver) rest(t time.Duration) error {
	end := time.Now().Add(t)
	_, err := d.until(t, "a rest of "+breaker.Short(t), func() bool { return !time.Now().Before(end) })
	return err
}

// outLimit bounds the wait for a return.
func (d *driver) outLimit(factor int) time.Duration {
	return d.rule.Out(factor).Most + 15*time.Second + d.Load.Timeout
}

// counters measures the threshold again where the answers told it too vaguely,
// waits until each time out is shown clean, and has the counters stand still.
func (d *driver) counters() error {
	if err := d.narrow(); err != nil {
		return err
	}
	if err := d.showClean(); err != nil {
		return err
	}
	if d.wants(judge.Healthy) {
		if err := d.settle(judge.Healthy, mixLimit); err != nil {
			return err
		}
	}
	if err := d.send(mesh.Load{}, ""); err != nil {
		return err
	}
	return d.settle(judge.Counters, countLimit)
}
