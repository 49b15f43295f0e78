package verify

import (
	"fmt"
	"slices"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

const (
	// mixLimit is how long all pods may take to answer once, delays apart.
	mixLimit = 30 * time.Second
	// enough is how many errors in a row prove that nothing is ejected.
	enough = 20
)

// mix shows what callers get before the breaker does its work.
func (r *run) mix() error {
	all := func() bool {
		return len(r.ledger.present()) > 0 && !slices.ContainsFunc(r.ledger.present(), func(a *account) bool { return len(a.answers) == 0 })
	}
	// A low threshold may end the mix before every pod has answered.
	tripped := func() bool {
		now := time.Now()
		return r.codes()["200"] > 0 && slices.ContainsFunc(r.ledger.out(), func(a *account) bool { return r.ledger.settled(a.outs[0], now) })
	}
	limit := mixLimit + time.Duration(len(r.ledger.present())+1)*r.Load.Timeout
	if _, err := r.until(limit, func() bool { return all() || tripped() }); err != nil {
		return err
	}
	healthy, failing, codes := r.ledger.others(), r.ledger.failing(), r.codes()
	p := timeline.Phase{Name: Mix, Why: "the balancer takes all pods in turn, and knows nothing of errors yet",
		Expected:  fmt.Sprintf("200 from %s, 504 from %s", breaker.Count(len(healthy), "healthy pod"), breaker.Count(len(failing), "faulty pod")),
		Measured:  fmt.Sprintf("%s of 200, %s", breaker.Count(codes["200"], "answer"), breaker.Count(codes["5xx"], "gateway error")),
		Statement: stated(codes["5xx"] > 0 && (codes["200"] > 0 || len(healthy) == 0) && codes["other"] == 0)}
	switch {
	case len(failing) == 0:
		p.Diagnosis = "no faulty pod: no pod has the label version=504; run `pulumi config set replicas.faulty 1 && pulumi up`"
	case codes["5xx"] == 0:
		p.Diagnosis = r.masked()
	}
	return r.report(p)
}

// codes counts the answers of all pods.
func (r *run) codes() map[string]int {
	codes := map[string]int{}
	for _, a := range r.ledger.pods {
		for _, x := range a.answers {
			switch {
			case x.code == 200:
				codes["200"]++
			case x.gateway():
				codes["5xx"]++
			default:
				codes["other"]++
			}
		}
	}
	return codes
}

// trip waits for the first ejection of each faulty pod.
func (r *run) trip() error {
	errors, _ := r.rule.Threshold()
	want := max(int(errors), r.result.Threshold.Configured)
	if want == 0 {
		want = enough
	}
	// Far more than it takes: as many again, and those in flight.
	hopeless := func(a *account) bool { return len(a.outs) == 0 && a.errorsNow() >= 2*want+r.Load.Concurrency+5 }
	done := func() bool {
		now := time.Now()
		for _, a := range r.ledger.failing() {
			if !hopeless(a) && (len(a.outs) == 0 || !r.ledger.settled(a.outs[0], now)) {
				return false
			}
		}
		return true
	}
	limit := time.Minute + time.Duration(2*want*max(len(r.ledger.failing()), 1))*r.Load.Timeout
	if _, err := r.until(min(limit, time.Hour), done); err != nil {
		return err
	}
	for _, a := range r.ledger.failing() {
		if err := r.report(r.tripped(a)); err != nil {
			return err
		}
	}
	return nil
}

// tripped compares a pod's first ejection with the configured threshold.
func (r *run) tripped(a *account) timeline.Phase {
	want, flying := r.result.Threshold.Configured, r.Load.Concurrency-1
	p := timeline.Phase{Name: Trip, Pod: a.name, Expected: fmt.Sprintf("out after %s in a row", breaker.Count(want, "gateway error")),
		Tolerance: "none", Why: "requests go one at a time, so every error is counted before the next is asked for"}
	if flying > 0 {
		p.Tolerance = fmt.Sprintf("up to %d more asked for by then", flying)
		p.Why = "answers that are under way when the pod is ejected still reach the caller"
	}
	if len(a.outs) == 0 {
		p.Measured = fmt.Sprintf("not ejected after %s", breaker.Count(a.errorsNow(), "error"))
		p.Diagnosis = r.whyNot(a)
		return p
	}
	asked, measured := r.errorsAt(a, 0)
	p.Measured = fmt.Sprintf("out after %d", measured)
	if asked > measured {
		p.Measured += fmt.Sprintf(", and %d under way", asked-measured)
	}
	if cause := a.outs[0].cause; cause != "" {
		p.Measured += " (" + cause + ")"
	}
	p.Statement = stated(measured == want && asked <= want+flying)
	if p.Statement != timeline.Proven {
		p.Diagnosis = r.whyEarly(measured)
	}
	return p
}

// errorsAt is how many errors in a row had been asked for when a pod was
// ejected, and how many of them count. One at a time, that is all of them. With
// more, an answer's end and the decision are told apart by two clocks, and the
// configured number is believed where it lies within their difference. Later
// ejections come of a burst.
func (r *run) errorsAt(a *account, i int) (asked, measured int) {
	asked, surely, perhaps := a.inARow(i)
	if r.Load.Concurrency <= 1 && i == 0 {
		return asked, asked
	}
	return asked, min(max(r.result.Threshold.Configured, surely), perhaps)
}

// off waits for far more errors than any threshold, and expects no ejection.
func (r *run) off() error {
	done := func() bool {
		for _, a := range r.ledger.failing() {
			if a.errorsNow() < enough && len(a.outs) == 0 {
				return false
			}
		}
		return true
	}
	limit := time.Minute + time.Duration(enough*max(len(r.ledger.failing()), 1))*r.Load.Timeout
	reached, err := r.until(min(limit, time.Hour), done)
	if err != nil {
		return err
	}
	for _, a := range r.ledger.failing() {
		p := timeline.Phase{Name: Off, Pod: a.name, Expected: fmt.Sprintf("never ejected, for %d errors in a row", enough),
			Measured: fmt.Sprintf("%s, ejected %s", breaker.Count(a.errorsNow(), "error"), breaker.Count(len(a.outs), "time")),
			Why:      "the DestinationRule has no outlierDetection", Statement: stated(reached && len(a.outs) == 0)}
		if err := r.report(p); err != nil {
			return err
		}
	}
	return nil
}

// seconds is a time as people compare it.
func seconds(d time.Duration) string { return fmt.Sprintf("%.1fs", d.Seconds()) }

func between(s breaker.Span) string { return seconds(s.Least) + " to " + seconds(s.Most) }
