package judge

import (
	"slices"
	"time"

	"istio-circuit-breaker/internal/timeline"
)

// Record is a recording, sorted by what its entries are evidence of. It only
// collects: what follows from it is worked out anew at each question.
type Record struct {
	header   timeline.Header
	pods     map[string]*pod
	names    []string // of pods, as they were met
	own      []answer // given by the sidecar itself
	none     []answer // that nobody gave
	looks    []look
	clocks   map[string]timeline.Clock
	clock    clock // the sidecar's
	steps    []step
	sidecar  *timeline.Sidecar // as it was at the end; nil where it was not read again
	symptoms []timeline.Symptom
	events   []timeline.Entry // sources lost and found, restarts, other rules
	newest   time.Time        // sending of the newest answer, by the sidecar's clock
	now      time.Time        // of the newest entry, by the observer's
	known    map[string]told  // by pod; emptied by what bears on ejections
	closed   bool             // something else runs since then: it is no evidence of what is proven
}

// pod is what was seen of one pod.
type pod struct {
	name, version string
	answers       []answer // as they came
	lines         []line
	gone          bool // it is no endpoint any more
	notReady      bool // Istio sends it to sidecars as one that is not to be called
}

// line is one of the outlier log, and when the observer read it.
type line struct {
	read time.Time
	timeline.Outlier
}

// answer is one, by the sidecar's clock. The sidecar booked it within booked.
type answer struct {
	sent, end time.Time
	booked    span
	code      int
	said      string
	waited    bool // the sidecar told how long it waited for whoever answered
	err       string
}

// look is one at the sidecar, by the observer's clock.
type look struct {
	asked, answered time.Time
	pods            map[string]timeline.Pod
	counters        timeline.Counters
}

// step is one of the driver's.
type step struct {
	at time.Time
	timeline.Step
}

// Read collects a whole recording of one run.
func Read(entries []timeline.Entry) *Record {
	r := New()
	for _, e := range entries {
		r.Add(e)
	}
	return r
}

// New is a recording before its first entry.
func New() *Record {
	return &Record{pods: map[string]*pod{}, clocks: map[string]timeline.Clock{}, known: map[string]told{}}
}

// Add takes the next entry. Phases and verdicts are passed over: they are what is
// to be judged anew.
func (r *Record) Add(e timeline.Entry) {
	at := e.Time.UTC().Round(0)
	if r.closed && e.Symptom == nil && e.Sidecar == nil {
		return
	}
	if e.Answer == nil && e.Phase == nil && e.Verdict == nil && e.Symptom == nil && e.Sidecar == nil && at.After(r.now) {
		r.now = at
	}
	if e.Snapshot != nil || e.Outlier != nil || e.Clock != nil {
		clear(r.known)
	}
	switch {
	case e.Header != nil:
		r.header = *e.Header
	case e.Answer != nil:
		r.answer(at, *e.Answer)
	case e.Snapshot != nil:
		r.look(*e.Snapshot)
	case e.Outlier != nil:
		p := r.pod(e.Outlier.Pod)
		l := line{at, *e.Outlier}
		l.Decided = l.Decided.UTC().Round(0)
		p.lines = append(p.lines, l)
	case e.Clock != nil:
		r.clocks[e.Clock.Name] = *e.Clock
		if e.Clock.Name == timeline.SidecarClock {
			r.clock.apply(*e.Clock)
		}
	case e.Step != nil:
		r.steps = append(r.steps, step{at, *e.Step})
	case e.Sidecar != nil:
		r.sidecar = e.Sidecar
	case e.Symptom != nil:
		r.symptoms = append(r.symptoms, *e.Symptom)
	case e.Event != nil:
		switch e.Event.Kind {
		case timeline.SourceLost, timeline.SourceBack, timeline.CountersReset, timeline.ClusterReplaced, timeline.RuleChanged:
			r.events = append(r.events, e)
		}
		kind, _ := r.disturbed()
		r.closed = kind != ""
	}
}

func (r *Record) answer(sent time.Time, a timeline.Answer) {
	x := answer{sent: sent, end: sent.Add(a.Latency), code: a.Code, said: a.Said, waited: a.Upstream != nil, err: a.Error}
	x.booked = span{sent, x.end}
	if a.Upstream != nil && *a.Upstream <= a.Latency {
		x.booked.from = sent.Add(*a.Upstream)
	}
	if sent.After(r.newest) {
		r.newest = sent
	}
	switch {
	case a.Pod != "":
		p := r.pod(a.Pod)
		p.answers = append(p.answers, x)
	case a.Code != 0:
		r.own = append(r.own, x)
	default:
		r.none = append(r.none, x)
	}
}

func (r *Record) look(s timeline.Snapshot) {
	l := look{asked: s.Asked.UTC().Round(0), counters: s.Counters, pods: make(map[string]timeline.Pod, len(s.Pods))}
	l.answered = l.asked.Add(s.Took)
	for _, p := range r.pods {
		p.gone = true
	}
	for _, seen := range s.Pods {
		l.pods[seen.Name] = seen
		p := r.pod(seen.Name)
		p.version, p.gone, p.notReady = seen.Version, seen.State == timeline.Terminating, seen.NotReady
	}
	r.looks = append(r.looks, l)
}

func (r *Record) pod(name string) *pod {
	p := r.pods[name]
	if p == nil {
		p = &pod{name: name}
		r.pods[name] = p
		r.names = append(r.names, name)
		slices.Sort(r.names)
	}
	return p
}

// faulty is the version label of the pods that are made to fail.
const faulty = "504"

// failing are the pods that are made to fail, sorted by name; others the rest.
// One that is not ready, or went away before anything was learnt of it, is in neither; nor is one
// that went away without an ejection while another failing pod stayed, as at the
// end of a rollout, and had too few errors for one.
func (r *Record) failing() []*pod {
	all := r.where(func(p *pod) bool { return p.version == faulty })
	if !slices.ContainsFunc(all, func(p *pod) bool { return !p.gone }) {
		return all
	}
	want, _ := r.intended()
	return slices.DeleteFunc(all, func(p *pod) bool {
		outs, _ := r.ejections(p)
		return p.gone && len(outs) == 0 && (want == 0 || r.longestRun(p) < want)
	})
}

func (r *Record) others() []*pod {
	return r.where(func(p *pod) bool { return p.version != faulty })
}

func (r *Record) where(is func(*pod) bool) []*pod {
	var some []*pod
	for _, name := range r.names {
		if p := r.pods[name]; p.version != "" && is(p) && (!p.gone && !p.notReady || len(p.answers) > 0 || len(p.lines) > 0) {
			some = append(some, p)
		}
	}
	return some
}

// at is the look's time by the sidecar's clock.
func (r *Record) at(l look) span { return r.clock.span(l.asked, l.answered) }

// out is whether the sidecar says that it ejected a pod. Source: envoy
// api/envoy/admin/v3/clusters.proto, HostHealthStatus.
func out(p timeline.Pod) bool { return slices.Contains(p.Flags, "failed_outlier_check") }

// disturbed says what changed under the proof, if anything did.
func (r *Record) disturbed() (kind timeline.EventKind, at time.Time) {
	for _, e := range r.events {
		switch e.Event.Kind {
		case timeline.CountersReset, timeline.ClusterReplaced, timeline.RuleChanged:
			return e.Event.Kind, e.Time
		}
	}
	return "", time.Time{}
}
