package report

import (
	"cmp"
	"slices"
	"time"

	"istio-circuit-breaker/internal/board"
	"istio-circuit-breaker/internal/timeline"
)

// event takes what happened.
func (f *folding) event(reported time.Time, e timeline.Event) {
	e.Pod, e.Cause, e.Source, e.Detail = clean(e.Pod), clean(e.Cause), clean(e.Source), clean(e.Detail)
	at, seen := f.since(reported), -1.0
	if !e.Decided.IsZero() {
		seen = max(reported.Sub(e.Decided).Seconds(), 0)
		if e.Kind == timeline.PodEjected || e.Kind == timeline.PodReturned {
			at = max(f.since(e.Decided), 0)
		}
	}
	f.Seconds = max(f.Seconds, at)
	if e.Kind == timeline.Confirmed {
		if f.confirm(reported, e) {
			return
		}
	}
	var sources []string
	if e.Source != "" {
		sources = []string{e.Source}
	}
	f.Events = append(f.Events, Event{At: at, Event: e, Seen: seen, Sources: sources})
	switch e.Kind {
	case timeline.PodEjected:
		p := f.pod(e.Pod, "")
		f.end(p, at, Out{})
		p.Outs = append(p.Outs, Out{Number: max(e.Ejection, 1), Errors: e.Errors, AtLeast: e.AtLeast, Cause: e.Cause, span: span{at, open}, exact: !e.Decided.IsZero()})
	case timeline.PodReturned:
		how := Out{Returned: true}
		if reported.Equal(f.reset) {
			how = Out{Cut: f.why}
		}
		p := f.pod(e.Pod, "")
		if len(p.Outs) == 0 {
			p.Outs = append(p.Outs, Out{span: span{0, open}})
		}
		f.end(p, at, how)
	case timeline.PodAdded:
		f.pod(e.Pod, "").added = true
	case timeline.PodRemoved:
		p := f.pod(e.Pod, "")
		p.removed = true
		f.end(p, at, Out{Cut: "the pod was removed"})
	case timeline.CountersReset:
		f.anew(reported, at, "the sidecar restarted")
		f.marks = append(f.marks, mark{at, "sidecar restarted"})
	case timeline.ClusterReplaced:
		f.anew(reported, at, "the sidecar got another configuration")
		f.marks = append(f.marks, mark{at, "cluster replaced"})
	case timeline.RuleChanged:
		f.marks = append(f.marks, mark{at, "rule changed"})
		if e.Rule != nil {
			f.rules = append(f.rules, ruling{at, *e.Rule})
		}
	case timeline.Disagreement:
		f.marks = append(f.marks, mark{at, "sources disagree"})
	case timeline.SourceLost:
		if _, lost := f.lost[e.Source]; !lost {
			f.lost[e.Source] = at
		}
	case timeline.SourceBack:
		if since, lost := f.lost[e.Source]; lost {
			f.gaps = append(f.gaps, gap{span{since, max(at, since)}, []string{e.Source}})
			delete(f.lost, e.Source)
		}
	}
}

// anew notes that Envoy counts and ejects from the start again.
func (f *folding) anew(reported time.Time, at float64, why string) {
	f.reset, f.why = reported, why
	f.restarts = append(f.restarts, at)
}

// stepKind is what a step of a proof is called among the kinds of events.
const stepKind timeline.EventKind = "step"

// step takes what a proof did, where it says more than the phase will.
func (f *folding) step(at float64, s timeline.Step) {
	if words := clean(board.StepWords(s)); words != "" {
		f.Events = append(f.Events, Event{At: at, Event: timeline.Event{Kind: stepKind, Detail: words}, Seen: -1})
	}
}

// end closes a pod's ejection, if it is open.
func (f *folding) end(p *Pod, at float64, how Out) {
	if n := len(p.Outs) - 1; n >= 0 && p.Outs[n].To == open {
		o := &p.Outs[n]
		o.To, o.Returned, o.Cut = max(at, o.From), how.Returned, how.Cut
	}
}

// confirm adds what another source knew better to the event on record. It is
// false where there is none.
func (f *folding) confirm(reported time.Time, e timeline.Event) bool {
	i := len(f.Events) - 1
	for ; i >= 0; i-- {
		known := f.Events[i]
		if known.Pod == e.Pod && string(known.Kind) == e.Detail && known.Ejection == e.Ejection {
			break
		}
	}
	if i < 0 {
		return false
	}
	known := &f.Events[i]
	known.Cause, known.Out = cmp.Or(e.Cause, known.Cause), cmp.Or(e.Out, known.Out)
	if e.Errors > 0 {
		known.Errors, known.AtLeast = e.Errors, e.AtLeast
	}
	if e.Source != "" && !slices.Contains(known.Sources, e.Source) {
		known.Sources = append(known.Sources, e.Source)
	}
	if known.Decided.IsZero() && !e.Decided.IsZero() {
		decided := max(f.since(e.Decided), 0)
		// The first report is what the viewer saw.
		known.Seen, known.Decided, known.At = max(known.At-decided, 0), e.Decided, decided
	}
	p := f.pod(e.Pod, "")
	for k := len(p.Outs) - 1; k >= 0; k-- {
		o := &p.Outs[k]
		if o.Number != max(e.Ejection, 1) {
			continue
		}
		if known.Kind == timeline.PodEjected {
			o.Errors, o.AtLeast, o.Cause = known.Errors, known.AtLeast, cmp.Or(known.Cause, o.Cause)
		}
		switch {
		case known.Decided.IsZero():
		case known.Kind == timeline.PodReturned && o.To != open:
			o.To = max(known.At, o.From)
		case known.Kind == timeline.PodEjected:
			if o.From, o.exact = known.At, true; o.To != open {
				o.To = max(o.To, o.From)
			}
		}
		break
	}
	return true
}

// merge makes one gap of those that overlap.
func merge(gaps []gap) []gap {
	slices.SortFunc(gaps, func(a, b gap) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), slices.Compare(a.sources, b.sources))
	})
	var merged []gap
	for _, g := range gaps {
		n := len(merged) - 1
		if n < 0 || g.From > merged[n].To {
			merged = append(merged, g)
			continue
		}
		m := &merged[n]
		m.To = max(m.To, g.To)
		if !slices.Contains(m.sources, g.sources[0]) {
			m.sources = append(m.sources, g.sources[0])
		}
	}
	for i := range merged {
		slices.Sort(merged[i].sources)
	}
	return merged
}
