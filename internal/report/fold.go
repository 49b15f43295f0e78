package report

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/board"
	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// folding is the state between the entries of one run.
type folding struct {
	*Run
	board board.Board
	pods  map[string]*Pod
	seen  bool               // there was a snapshot
	lost  map[string]float64 // sources that are not heard, since when
	reset time.Time          // when Envoy last began to count from the start
	why   string             // it did
}

// fold makes a run of the entries of one stream.
func fold(entries []timeline.Entry) (*Run, error) {
	f := &folding{Run: &Run{}, pods: map[string]*Pod{}, lost: map[string]float64{}}
	known := false
	for _, e := range entries {
		known = known || e.Kind() != ""
		if e.Header == nil {
			continue
		}
		f.Header = *e.Header
		if v := e.Header.Version; v > timeline.Version {
			return nil, fmt.Errorf("making a report: the recording has format version %d, and only versions up to %d are known", v, timeline.Version)
		}
	}
	if !known {
		return nil, errors.New("making a report: nothing in the file is an entry of a recording")
	}
	ours := timeline.OnOneClock(entries)
	f.Began = start(ours)
	if f.Header.Version > 0 {
		f.rules = []ruling{{0, f.Header.Rule}}
	}
	for i, e := range ours {
		f.board.Apply(entries[i])
		f.apply(e)
	}
	f.finish()
	return f.Run, nil
}

// start is the earliest time of what was seen. What a proof does and states
// counts only where there is nothing else: it begins before the run does.
func start(entries []timeline.Entry) time.Time {
	var began, phases time.Time
	zone := zone(entries[0].Time)
	for _, e := range entries {
		earliest := &began
		if e.Header == nil && e.Answer == nil && e.Snapshot == nil && e.Event == nil && e.Outlier == nil {
			earliest = &phases
		}
		if earliest.IsZero() || e.Time.Before(*earliest) {
			*earliest = e.Time
		}
	}
	if began.IsZero() {
		began = phases
	}
	return began.In(zone)
}

// since is the time since the start, to the microsecond.
func (f *folding) since(t time.Time) float64 { return micro(t.Sub(f.Began).Seconds()) }

func micro(s float64) float64 { return math.Round(s*1e6) / 1e6 }

func (f *folding) apply(e timeline.Entry) {
	at := f.since(e.Time)
	f.Seconds = max(f.Seconds, at)
	switch {
	case e.Answer != nil:
		f.answer(at, *e.Answer)
	case e.Snapshot != nil:
		f.snapshot(at, *e.Snapshot)
	case e.Event != nil:
		f.event(e.Time, *e.Event)
	case e.Step != nil:
		f.step(at, *e.Step)
	case e.Symptom != nil && !slices.Contains(f.Symptoms, *e.Symptom):
		f.Symptoms = append(f.Symptoms, *e.Symptom)
	}
}

func (f *folding) answer(at float64, a timeline.Answer) {
	took := max(a.Latency.Seconds(), 0)
	x := answer{sent: at, took: took, end: at + took, code: a.Code, pod: clean(a.Pod), kind: other}
	switch {
	case a.Code == 0:
		x.kind = silent
	case timeline.GatewayError(a.Code):
		x.kind = gateway
	case a.Code >= 200 && a.Code < 400:
		x.kind = ok
	}
	f.answers = append(f.answers, x)
	f.Seconds = max(f.Seconds, x.end)
	if x.pod != "" {
		f.pod(x.pod, a.Version).Answers++
	}
}

func (f *folding) snapshot(at float64, s timeline.Snapshot) {
	f.samples, f.Counters = append(f.samples, sample{at, s.Counters}), s.Counters
	from := at
	if !f.seen {
		from = 0
	}
	listed := map[string]bool{}
	for _, pod := range s.Pods {
		p := f.pod(clean(pod.Name), pod.Version)
		listed[p.Name] = true
		during(&p.there, from, true)
		during(&p.dim, from, pod.State == timeline.Terminating || pod.State == timeline.Unknown)
		if pod.State == timeline.Ejected && (len(p.Outs) == 0) {
			p.Outs = append(p.Outs, Out{span: span{from, open}})
		}
	}
	for _, p := range f.pods {
		if !listed[p.Name] && f.seen {
			during(&p.there, at, false)
			during(&p.dim, at, false)
		}
	}
	f.seen = true
}

// open is the end of a span that has not ended.
const open = -1

// during begins or ends a span at a time, where it is not so already.
func during(spans *[]span, at float64, is bool) {
	n := len(*spans)
	switch on := n > 0 && (*spans)[n-1].To == open; {
	case is && !on:
		*spans = append(*spans, span{at, open})
	case !is && on:
		(*spans)[n-1].To = max(at, (*spans)[n-1].From)
	}
}

func (f *folding) pod(name, version string) *Pod {
	p := f.pods[name]
	if p == nil {
		p = &Pod{Name: name, Outs: []Out{}}
		f.pods[name] = p
	}
	if version != "" {
		p.Version = clean(version)
	}
	return p
}

// finish ends what is open, and makes the figures.
func (f *folding) finish() {
	r := f.Run
	r.Seconds = micro(r.Seconds)
	r.Totals, r.Phases, r.Verdict, r.Clocks = f.board.Totals, f.board.Phases, f.board.Verdict, f.board.Clocks
	slices.SortStableFunc(r.answers, func(a, b answer) int { return cmp.Compare(a.end, b.end) })
	for _, p := range f.pods {
		r.Pods = append(r.Pods, p)
		if len(p.there) == 0 { // never in a snapshot
			p.there = []span{{0, open}}
		}
		for _, spans := range [][]span{p.there, p.dim} {
			for i := range spans {
				if spans[i].To == open {
					spans[i].To = r.Seconds
				}
			}
		}
		for i := range p.Outs {
			if p.Outs[i].To == open {
				p.Outs[i].To = max(r.Seconds, p.Outs[i].From)
			}
		}
	}
	slices.SortFunc(r.Pods, func(a, b *Pod) int {
		return cmp.Or(strings.Compare(a.Version, b.Version), strings.Compare(a.Name, b.Name))
	})
	for source, since := range f.lost {
		r.gaps = append(r.gaps, gap{span{since, r.Seconds}, []string{source}})
	}
	r.gaps = merge(r.gaps)
	slices.SortStableFunc(r.Events, func(a, b Event) int { return cmp.Compare(a.At, b.At) })
	if f.Header.Version > 0 {
		r.RuleWords = ruleWords(f.Header.Rule, r.Pods)
	}
	r.Load, r.Latencies, r.Periods = load(r.answers), latencies(r), periods(r)
	r.Checks = checks(r)
}

// ruleWords are the rule in words for the pods that the run began with.
func ruleWords(rule breaker.Rule, pods []*Pod) string {
	healthy, faulty := 0, 0
	for _, p := range pods {
		switch {
		case p.there[0].From > 0:
		case p.Version == "504":
			faulty++
		default:
			healthy++
		}
	}
	errors, by := rule.Threshold()
	if healthy+faulty == 0 && by != breaker.NoDetector {
		return fmt.Sprintf("%s in a row take a pod out for %s; no pod was seen.", count(int(errors), "error"), breaker.Short(rule.Base()))
	}
	return rule.Words(healthy, faulty)
}
