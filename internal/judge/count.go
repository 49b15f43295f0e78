package judge

import (
	"fmt"
	"strings"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// A worker counts, the main thread ejects: Envoy decides a little later than the
// answer that reached the threshold, and errors that were over less than this lag
// before the decision may have come after that answer.
// Source: envoy outlier_detection_impl.cc, notifyMainThreadConsecutiveError.
const (
	// decisionLag is the least lag that is reckoned with; measured.
	decisionLag = 50 * time.Millisecond
	// lagPerLook and lagAbout: looks are answered by the main thread too, so that
	// the slowest of those about the decision tells how late it may have been; so
	// do, of the machine as a whole, the answers that were under way meanwhile.
	lagPerLook = 3
	lagAbout   = 2 * time.Second
)

// lag is the one to reckon with for a decision.
func (r *Record) lag(at span) time.Duration { return max(decisionLag, r.slowness(at)) }

// slowness is how late threads of the sidecar, or of the machine, may have been.
func (r *Record) slowness(at span) (slow time.Duration) {
	about := at.widened(lagAbout)
	for _, l := range r.looks {
		if !l.asked.IsZero() && r.at(l).overlaps(about) {
			slow = max(slow, lagPerLook*l.answered.Sub(l.asked))
		}
	}
	return max(slow, min(r.slowest(at), late))
}

// slowest is the longest that an answer took, of those that were under way at a
// time and are no errors: a faulty pod may be slow on purpose.
func (r *Record) slowest(at span) (took time.Duration) {
	for _, p := range r.pods {
		for _, x := range p.answers {
			if x.code > 0 && x.code < 500 && (span{x.sent, x.end}).overlaps(at) {
				took = max(took, x.end.Sub(x.sent))
			}
		}
	}
	return took
}

// count is how many errors in a row Envoy had booked of a pod when it reached its
// decision, by the answers that the caller had and by the sidecar's own count.
type count struct {
	number           // what both say together
	answers, sidecar number
	underWay         int  // errors asked for by then that came later
	vague            bool // it holds the rule's only if the sidecar was slow
	complete         bool // every answer that the sidecar booked of the pod reached the caller
}

// errorsAt counts the errors before the i-th ejection of a pod, as far as the
// evidence tells them. Where they are not those of the rule, they may be, if the
// sidecar was slow: it tells of an error first, and only then measures how long it
// waited for it.
func (r *Record) errorsAt(p *pod, all []ejection, i, want int, by breaker.Detector) count {
	c := r.errorsWithin(p, all, i, by, 0)
	if c.complete && (c.disputed() || !c.number.holds(want)) {
		if slow := r.errorsWithin(p, all, i, by, r.slowness(all[i].out)); slow.number.holds(want) && !slow.disputed() {
			slow.vague = !slow.number.exact()
			return slow
		}
	}
	return c
}

// errorsWithin is errorsAt where each error may have been booked so much earlier
// than the sidecar's own measurement of it says.
func (r *Record) errorsWithin(p *pod, all []ejection, i int, by breaker.Detector, slow time.Duration) count {
	at := all[i].out
	early := at.from.Add(-r.lag(at))
	c := count{answers: r.byAnswers(p, all, i, by, early, slow), sidecar: r.bySidecar(p, all, i, early), complete: r.complete(p)}
	for _, x := range p.answers {
		if counts(by, x.code) && x.sent.Before(at.from) && x.from(slow).After(at.to) {
			c.underWay++
		}
	}
	c.number = c.answers
	if !c.complete {
		// The caller does not see all that the sidecar counts.
		c.number = c.sidecar
		return c
	}
	if both := c.answers.with(c.sidecar); !both.contradicted() {
		c.number = both
	}
	return c
}

// from is when an answer was booked at the earliest.
func (x answer) from(slow time.Duration) time.Time {
	if earlier := x.booked.from.Add(-slow); earlier.After(x.sent) {
		return earlier
	}
	return x.sent
}

// byAnswers bounds the count by the caller's answers. Each was booked within its
// span; the one that caused the ejection is one of them, and not over before early.
func (r *Record) byAnswers(p *pod, all []ejection, i int, by breaker.Detector, early time.Time, slow time.Duration) number {
	at, since := all[i].out, span{}
	if i > 0 {
		since = all[i-1].back
	}
	// However late the decision was, the last error before it is no earlier one
	// than the one that caused it.
	var last time.Time
	for _, x := range p.answers {
		if counts(by, x.code) && !x.booked.from.After(at.to) && x.booked.from.After(last) {
			last = x.booked.from
		}
	}
	if last.Before(early) {
		early = last
	}
	// An answer that does not count starts the count again: for the most, the
	// last that surely did before the decision; for the least, the last that may have.
	var surely, perhaps time.Time
	for _, x := range p.answers {
		if counts(by, x.code) || x.booked.from.After(at.to) || x.booked.before(since) {
			continue
		}
		if x.booked.to.Before(at.from) && x.booked.from.After(surely) {
			surely = x.booked.from
		}
		if x.booked.to.After(perhaps) {
			perhaps = x.booked.to
		}
	}
	n := number{least: 1}
	for _, x := range p.answers {
		if !counts(by, x.code) || x.from(slow).After(at.to) {
			continue
		}
		if !x.booked.to.Before(since.from) && !x.booked.to.Before(surely) {
			n.most++
		}
		if x.booked.to.Before(early) && x.booked.from.After(since.to) && x.booked.from.After(perhaps) {
			n.least++
		}
	}
	// Whom an answer of the sidecar's own is booked to is not known, but for
	// those that found no host.
	for _, x := range r.own {
		if counts(by, x.code) && !noHost(x) && !x.booked.from.After(at.to) && x.booked.to.After(since.from) {
			n.most++
		}
	}
	return n
}

// noHost tells the sidecar's own answers that never reached a host.
func noHost(x answer) bool { return strings.Contains(x.said, "no healthy upstream") }

// bySidecar bounds the count by the sidecar's rq_error of the pod, in the last
// look before the decision and the first one after it, less what it was at the
// return before.
func (r *Record) bySidecar(p *pod, all []ejection, i int, early time.Time) number {
	n, at := number{1, 1 << 30}, all[i].out
	baseLeast, baseMost := uint64(0), uint64(0)
	if i > 0 {
		baseMost = 1 << 40
	}
	for _, l := range r.looks {
		seen, known := l.pods[p.name]
		if !known || seen.State == timeline.Unknown || l.asked.IsZero() {
			continue
		}
		when := r.at(l)
		if i > 0 && when.to.Before(all[i-1].back.from) {
			baseLeast = seen.Errors
		}
		if i > 0 && when.from.After(all[i-1].back.to) && seen.Errors < baseMost {
			baseMost = seen.Errors
		}
		switch {
		case when.to.Before(early) && (i == 0 || when.from.After(all[i-1].back.to)):
			n.least = max(n.least, int(seen.Errors)-int(baseMost)+1)
		case when.from.After(at.to) && n.most == 1<<30:
			n.most = int(seen.Errors - min(baseLeast, seen.Errors))
		}
	}
	return n
}

// disputed is true where no number fits both the answers and the sidecar's count.
func (c count) disputed() bool { return c.complete && c.answers.with(c.sidecar).contradicted() }

func (c count) String() string {
	text := fmt.Sprintf("out after %s", c.number)
	if c.underWay > 0 {
		text += fmt.Sprintf(", and %d under way", c.underWay)
	}
	return text
}
