package verify

import (
	"istio-circuit-breaker/internal/judge"
	"istio-circuit-breaker/internal/timeline"
)

// narrow has pods ejected once more, with one request at a time, until the count
// of their errors is exact; each time at half the rate, as a busy machine decides
// late.
func (d *driver) narrow() error {
	wide := func() bool {
		for _, c := range d.record.Claims(judge.Trip) {
			if c.Narrow {
				return true
			}
		}
		return false
	}
	if !d.wants(judge.Trip) {
		return nil
	}
	for i := range narrowings {
		if !wide() {
			return nil
		}
		if err := d.step(timeline.Step{Phase: judge.Trip, Why: "the threshold is not exact yet"}); err != nil {
			return err
		}
		slow := d.Load
		pods, failing := d.record.PodsNow()
		slow.Concurrency, slow.Rate = 1, narrowRate/float64(int(1)<<i)*float64(max(pods, 2))/2
		if err := d.send(slow, "Measuring the threshold once more, one request at a time: what was under way at once leaves more than one number."); err != nil {
			return err
		}
		had := d.record.Ejections()
		if _, err := d.until(d.outLimit(3), "the return of the pods that are out", d.record.AllBack); err != nil {
			return err
		}
		done := func() bool {
			return d.record.Ejections() > had && !d.record.Open(judge.Trip) && (!wide() || d.record.Ejections() >= had+failing)
		}
		if ended, err := d.until(d.errorsLimit(2*d.threshold(), failing), "another ejection", done); err != nil || !ended {
			return err
		}
		// So slow a load shows too little in a time out that is short.
		if err := d.showClean(); err != nil {
			return err
		}
	}
	return nil
}
