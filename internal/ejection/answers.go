package ejection

import (
	"cmp"
	"slices"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// late is how much later than Envoy's decision the client may see the answer
// that caused it; Envoy's log knows milliseconds.
const late = 5 * time.Millisecond

// kept bounds the answers that are remembered of each address.
const kept = 4096

// answered is an answer's end and its status. The sidecar booked it no earlier than booked.
type answered struct {
	sent, booked, end time.Time
	code              int
}

// counts reports whether an answer is an error for the detector of a change: a
// gateway error, or any 5xx where the log names that one.
func (c change) counts(a answered) bool {
	return timeline.GatewayError(a.code) || c.any5xx && a.code >= 500 && a.code <= 599
}

// logStep is what the log's times are rounded down to.
const logStep = time.Millisecond

// Answer takes one answer, sent at the given time by the client's clock, which
// is its sidecar's too. Where several requests are under way, the order of
// their ends counts, as it does for Envoy. An answer that arrives after the
// ejection was reported, but ended before it, corrects the number of errors in
// an event of kind Confirmed.
func (f *Fold) Answer(sent time.Time, a timeline.Answer) []timeline.Entry {
	address := ""
	for _, pod := range f.pods {
		if pod.Name == a.Pod {
			address = pod.Address
		}
	}
	// Without a pod's name it is Envoy's own answer; without a code the client
	// gave up, which Envoy does not count.
	if address == "" || a.Code == 0 {
		return nil
	}
	h := f.host(address)
	next := answered{sent: sent, booked: sent, end: sent.Add(a.Latency), code: a.Code}
	if a.Upstream != nil {
		next.booked = sent.Add(*a.Upstream)
	}
	i, _ := slices.BinarySearchFunc(h.answers, next.end, func(x answered, t time.Time) int { return cmp.Compare(x.end.UnixNano(), t.UnixNano()+1) })
	h.answers = slices.Insert(h.answers, i, next)
	if len(h.answers) > kept {
		h.answers = slices.Delete(h.answers, 0, len(h.answers)-kept)
	}
	n := len(h.changes) - 1
	if n < 0 || !h.changes[n].out {
		return nil
	}
	c := &h.changes[n]
	errors := f.errors(h, n)
	if errors == c.errors {
		return nil
	}
	c.errors = errors
	return []timeline.Entry{event(next.end.Add(-f.ahead), timeline.Event{Kind: timeline.Confirmed, Pod: a.Pod, Source: AnswersSource,
		Ejection: c.ejection, Errors: errors, AtLeast: f.atLeast(h, n), Detail: string(timeline.PodEjected), Decided: c.decided})}
}

// errors is how many errors in a row Envoy had counted at ejection i: of the
// answers that ended after the pod's last return, until the ejection.
func (f *Fold) errors(h *host, i int) int {
	at, count := f.when(h.changes[i]), 0
	for _, a := range h.answers {
		switch {
		case a.end.After(at.Add(late)):
			return count
		case a.booked.After(at.Add(logStep)): // ended within the tolerance, and came later
		case !f.sinceReturn(h, i, a):
		case h.changes[i].counts(a):
			count++
		default:
			count = 0
		}
	}
	return count
}

// atLeast is true where there may have been more errors before ejection i than
// those that were seen: the pod was called before, and no other answer since has
// started the count again.
func (f *Fold) atLeast(h *host, i int) bool {
	if i > 0 || !h.before {
		return false
	}
	by := f.when(h.changes[i]).Add(late)
	return !slices.ContainsFunc(h.answers, func(a answered) bool { return !h.changes[i].counts(a) && !a.end.After(by) })
}

// Caused reports whether the answer that caused a pod's newest ejection has come:
// one that ended after the decision, or one that was asked for later.
func (f *Fold) Caused(pod string, newest time.Time) bool {
	for _, p := range f.pods {
		h := f.hosts[p.Address]
		if p.Name != pod || h == nil || len(h.changes) == 0 {
			continue
		}
		at := f.when(h.changes[len(h.changes)-1])
		return newest.After(at) || slices.ContainsFunc(h.answers, func(a answered) bool { return !a.end.Before(at) && !a.sent.After(at) })
	}
	return true
}

// Errors is what is known now of the errors before a pod's newest ejection.
func (f *Fold) Errors(pod string) (errors int, atLeast bool) {
	for _, p := range f.pods {
		h := f.hosts[p.Address]
		if n := len(h.changesOf()) - 1; p.Name == pod && n >= 0 && h.changes[n].out {
			h.changes[n].errors = f.errors(h, n)
			return h.changes[n].errors, f.atLeast(h, n)
		}
	}
	return 0, false
}

func (h *host) changesOf() []change {
	if h == nil {
		return nil
	}
	return h.changes
}

// sinceReturn tells whether an answer counted for ejection i. The return's own
// time is not good enough where only health told of it, a moment too late; but
// between an ejection and the return no request is sent, but for the time that
// Envoy may hold the ejection back.
func (f *Fold) sinceReturn(h *host, i int, a answered) bool {
	switch {
	case i < 1:
		return true
	case !h.changes[i-1].decided.IsZero():
		return a.end.After(h.changes[i-1].decided)
	case i < 2:
		return true
	default:
		return a.sent.After(f.when(h.changes[i-2]).Add(breaker.UpdateWindow))
	}
}
