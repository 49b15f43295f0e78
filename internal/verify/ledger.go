package verify

import (
	"slices"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

const (
	// clocks is how far the ends of an answer may lie apart at the client and at
	// its sidecar, on a busy machine.
	clocks = 50 * time.Millisecond
	// logStep is what the log's times are rounded down to.
	logStep = time.Millisecond
	// handOver is how long the sidecar's workers may take to hear of a decision.
	handOver = 100 * time.Millisecond
	// logLimit is how long the outlier log may be behind: it is written out once
	// a second, and read over the network.
	logLimit = 3 * time.Second
)

// faulty is the version label of the pods that are made to fail.
const faulty = "504"

// ledger keeps what was seen, by pod.
type ledger struct {
	pods            map[string]*account
	first, counters timeline.Counters // at the first snapshot, and now
	seen            bool              // there was a snapshot
	restarted       bool
	changes         []time.Time // of any pod's ejections and returns, as decided
	alone           int         // answers that no pod gave
	newest          time.Time   // when the last answer that came was asked for
}

// account is one pod's.
type account struct {
	name, version string
	// gone is true once the pod is terminating: a rollout just before leaves some
	// that are, of which nothing can be expected.
	gone    bool
	answers []answer
	outs    []out
}

type answer struct {
	sent, end time.Time
	code      int
}

func (a answer) gateway() bool { return timeline.GatewayError(a.code) }

// out is one ejection: as reported, and as decided where Envoy's log told.
type out struct {
	number                 int
	reported, decided      time.Time
	backReported, backTold time.Time
	cause                  string
}

func newLedger() *ledger { return &ledger{pods: map[string]*account{}} }

func (l *ledger) apply(e timeline.Entry) {
	switch {
	case e.Snapshot != nil:
		for _, a := range l.pods {
			a.gone = true
		}
		for _, pod := range e.Snapshot.Pods {
			a := l.account(pod.Name)
			a.version, a.gone = pod.Version, pod.State == timeline.Terminating
		}
		if l.counters = e.Snapshot.Counters; !l.seen {
			l.first, l.seen = l.counters, true
		}
	case e.Answer != nil:
		if e.Time.After(l.newest) {
			l.newest = e.Time
		}
		if e.Answer.Pod == "" {
			l.alone++
			return
		}
		a := l.account(e.Answer.Pod)
		a.answers = append(a.answers, answer{sent: e.Time, end: e.Time.Add(e.Answer.Latency), code: e.Answer.Code})
	case e.Event != nil:
		l.event(e.Time, *e.Event)
	}
}

func (l *ledger) event(at time.Time, e timeline.Event) {
	if e.Kind == timeline.CountersReset {
		l.restarted = true
	}
	if e.Pod == "" {
		return
	}
	a := l.account(e.Pod)
	last := len(a.outs) - 1
	switch e.Kind {
	case timeline.PodEjected:
		a.outs = append(a.outs, out{number: e.Ejection, reported: at, decided: e.Decided, cause: e.Cause})
	case timeline.PodReturned:
		if last >= 0 {
			a.outs[last].backReported, a.outs[last].backTold = at, e.Decided
		}
	case timeline.Confirmed:
		i := slices.IndexFunc(a.outs, func(o out) bool { return o.number == e.Ejection })
		if i < 0 || e.Decided.IsZero() {
			return
		}
		if e.Detail == string(timeline.PodReturned) {
			a.outs[i].backTold = e.Decided
		} else {
			a.outs[i].decided = e.Decided
			a.outs[i].cause = e.Cause
		}
	default:
		return
	}
	l.changes = append(l.changes, e.When(at))
}

func (l *ledger) account(name string) *account {
	if l.pods[name] == nil {
		l.pods[name] = &account{name: name}
	}
	return l.pods[name]
}

// failing are the faulty pods' accounts, sorted by name; others the rest.
func (l *ledger) failing() []*account {
	return l.where(func(a *account) bool { return a.version == faulty && a.counts() })
}
func (l *ledger) others() []*account {
	return l.where(func(a *account) bool { return a.version != faulty && a.counts() })
}

// present are the accounts of all pods that count.
func (l *ledger) present() []*account { return l.where((*account).counts) }

// counts is false for a pod that went before anything was learnt of it.
func (a *account) counts() bool { return !a.gone || len(a.outs) > 0 }

// out are the accounts of the pods that were ejected at least once.
func (l *ledger) out() []*account { return l.where(func(a *account) bool { return len(a.outs) > 0 }) }

func (l *ledger) where(is func(*account) bool) []*account {
	var some []*account
	for _, a := range l.pods {
		if is(a) {
			some = append(some, a)
		}
	}
	slices.SortFunc(some, func(a, b *account) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
	return some
}

func (l *ledger) ejections() uint64 {
	n := 0
	for _, a := range l.pods {
		n += len(a.outs)
	}
	return uint64(n)
}

func (o out) at() time.Time         { return first(o.decided, o.reported) }
func (o out) back() time.Time       { return first(o.backTold, o.backReported) }
func (o out) returned() bool        { return !o.backReported.IsZero() }
func (o out) lasted() time.Duration { return o.back().Sub(o.at()) }

// settled is true once all that tells of the ejection was heard: the log, and an
// answer that was asked for later, before which the one that caused it has come.
func (l *ledger) settled(o out, now time.Time) bool {
	return !o.decided.IsZero() && l.newest.After(o.decided.Add(logStep)) || now.Sub(o.reported) > logLimit
}

// backSettled is true once all sources of the return were heard.
func (o out) backSettled(now time.Time) bool {
	return o.returned() && (!o.backTold.IsZero() || now.Sub(o.backReported) > logLimit)
}

func first(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	return a
}

// inARow is how many errors in a row, asked for since the start or the return
// before, the i-th ejection came after: the requests that were asked for before
// it was decided, and those of them that had surely, and perhaps, ended by then.
func (a *account) inARow(i int) (asked, surely, perhaps int) {
	at, since := a.outs[i].at().Add(logStep), time.Time{}
	if i > 0 {
		since = a.outs[i-1].back()
	}
	for _, x := range a.answers {
		switch {
		case x.sent.Before(since) || !x.sent.Before(at):
			continue
		case !x.gateway():
			asked, surely, perhaps = 0, 0, 0
			continue
		}
		asked++
		if !x.end.After(at.Add(-clocks)) {
			surely++
		}
		if !x.end.After(at.Add(clocks)) {
			perhaps++
		}
	}
	return asked, surely, perhaps
}

// errorsNow is how many errors the pod gave since it was last back.
func (a *account) errorsNow() int {
	n := 0
	for _, x := range a.answers {
		if x.gateway() && (len(a.outs) == 0 || x.sent.After(a.outs[len(a.outs)-1].back())) {
			n++
		}
	}
	return n
}

// errorsWhileOut counts the pod's errors that were asked for during its i-th
// time out. Envoy may hold the change back from its workers for the update
// window, if there was another one just before.
func (l *ledger) errorsWhileOut(a *account, i int) (errors, held int) {
	o := a.outs[i]
	from, to := o.at().Add(handOver), o.back().Add(-handOver)
	hold := from
	for _, change := range l.changes {
		if before := o.at().Sub(change); before > 0 && before < breaker.UpdateWindow+handOver {
			hold = from.Add(breaker.UpdateWindow)
		}
	}
	for _, x := range a.answers {
		switch {
		case !x.gateway() || x.sent.Before(from) || o.returned() && !x.sent.Before(to):
		case x.sent.Before(hold):
			held++
		default:
			errors++
		}
	}
	return errors, held
}
