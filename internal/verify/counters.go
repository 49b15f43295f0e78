package verify

import (
	"fmt"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// counters compares the sidecar's own counters with what was seen.
func (r *run) counters() error {
	_, by := r.rule.Threshold()
	gateway := func() uint64 { return r.ledger.counters.EnforcedGateway - r.ledger.first.EnforcedGateway }
	// The last ejection may be newer than the last look at the counters.
	if _, err := r.until(logLimit, func() bool {
		return by != breaker.GatewayDetector || gateway() == r.ledger.ejections()
	}); err != nil {
		return err
	}
	c := Counts{EnforcedGateway: gateway(), Enforced5xx: r.ledger.counters.Enforced5xx - r.ledger.first.Enforced5xx,
		Overflow: r.ledger.counters.Overflow - r.ledger.first.Overflow}
	r.result.Counters = c
	want := Counts{EnforcedGateway: r.ledger.ejections()}
	p := timeline.Phase{Name: Counters, Expected: want.String(), Measured: c.String(), Tolerance: "none", Statement: stated(c == want),
		Why: "one enforced ejection for each that was seen; the 5xx detector is off, and every faulty pod may go"}
	switch {
	case !r.ledger.counters.Exported && !r.rule.Enabled:
		p.Measured, p.Why = "none are kept", "a sidecar keeps no counters of an outlier detection that it does not have"
	case !r.ledger.counters.Exported:
		p.Measured, p.Statement = "not exported", timeline.Refuted
		p.Diagnosis = "statistics not exported: see " + Preflight
	case c.Enforced5xx > 0:
		p.Diagnosis = r.whyEarly(0)
	case c.Overflow > 0:
		p.Diagnosis = r.whyNot(&account{answers: []answer{{}}})
	}
	return r.report(p)
}

// Counts are the counters that a proof looks at, as they rose in its time.
type Counts struct {
	EnforcedGateway uint64 `json:"enforcedGateway"`
	Enforced5xx     uint64 `json:"enforced5xx"`
	Overflow        uint64 `json:"overflow"`
}

func (c Counts) String() string {
	return fmt.Sprintf("gateway %d, 5xx %d, overflow %d", c.EnforcedGateway, c.Enforced5xx, c.Overflow)
}

// healthy looks for ejections of pods that did nothing wrong.
func (r *run) healthy() error {
	pods, ejected := r.ledger.others(), 0
	for _, a := range pods {
		ejected += len(a.outs)
	}
	return r.report(timeline.Phase{Name: Healthy, Expected: "no healthy pod ejected", Tolerance: "none",
		Measured: fmt.Sprintf("%s of %s", breaker.Count(ejected, "ejection"), breaker.Count(len(pods), "pod")),
		Why:      "errors are counted for each pod by itself", Statement: stated(ejected == 0)})
}

// measure takes what the result names from the ledger: the first pod that went.
func (r *run) measure() {
	var earliest *account
	for _, a := range r.ledger.failing() {
		if len(a.outs) > 0 && (earliest == nil || a.outs[0].at().Before(earliest.outs[0].at())) {
			earliest = a
		}
	}
	for _, a := range r.ledger.out() {
		for i, o := range a.outs {
			_, errors := r.errorsAt(a, i)
			e := Out{Pod: a.name, Number: i + 1, Errors: errors, At: o.at()}
			if o.returned() {
				e.Seconds = o.lasted().Round(time.Millisecond).Seconds()
			}
			r.result.Ejections = append(r.result.Ejections, e)
		}
	}
	if earliest == nil {
		return
	}
	_, r.result.Threshold.Measured = r.errorsAt(earliest, 0)
	r.result.Ejection.Pod = earliest.name
	if o := earliest.outs[0]; o.returned() {
		r.result.Ejection.MeasuredSeconds = o.lasted().Round(time.Millisecond).Seconds()
	}
}
