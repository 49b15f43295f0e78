package board

import (
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// Limits of what a Board remembers.
const (
	RecentAnswers = 60
	RecentEvents  = 100
)

// Board is the state of a run after the entries that were applied. The zero
// Board is that before the first.
type Board struct {
	Header   timeline.Header   `json:"header"`
	Rule     breaker.Rule      `json:"rule"` // the one in force now
	Rows     []Row             `json:"rows"` // sorted by version, then name
	Gone     []Row             `json:"gone"` // of pods that were removed, in that order
	Recent   []Answer          `json:"recent"`
	Events   []Event           `json:"events"` // newest last
	Counters timeline.Counters `json:"counters"`
	Totals   Totals            `json:"totals"`
	Phases   []timeline.Phase  `json:"phases"`
	Verdict  *timeline.Verdict `json:"verdict,omitempty"`
	// Clocks are the newest estimate of each, sorted by name.
	Clocks []timeline.Clock `json:"clocks"`
	// Began and Now are the times of the first and the newest entry.
	Began time.Time `json:"began"`
	Now   time.Time `json:"now"`
}

// Answer is an answer with the time it was sent.
type Answer struct {
	Time time.Time `json:"time"`
	timeline.Answer
}

// Event is an event with its time, or where Step is set, and Kind is empty, a
// step of a proof.
type Event struct {
	Time time.Time `json:"time"`
	timeline.Event
	Step *timeline.Step `json:"step,omitempty"`
}

// Totals count all answers, those of pods that are gone too.
type Totals struct {
	Requests int `json:"requests"`
	OK       int `json:"ok"`       // 2xx and 3xx
	Gateway  int `json:"gateway"`  // 502, 503 and 504
	Other    int `json:"other"`    // all other codes
	NoAnswer int `json:"noAnswer"` // the client gave up or could not connect
	// NoPod are the answers that Envoy gave itself, such as 503 with no pod
	// left; they are in one of the counts above too.
	NoPod     int           `json:"noPod"`
	Ejections int           `json:"ejections"`
	Latency   time.Duration `json:"latency"` // of all requests together
}

// Apply takes the next entry of the stream.
func (b *Board) Apply(e timeline.Entry) {
	if b.Began.IsZero() {
		b.Began = e.Time
	}
	e = b.OnOneClock(e)
	// Answers carry the time of sending, so the newest entry is not the last.
	if e.Time.After(b.Now) {
		b.Now = e.Time
	}
	switch {
	case e.Header != nil:
		b.Header, b.Rule = *e.Header, e.Header.Rule
	case e.Answer != nil:
		b.answer(e.Time, *e.Answer)
	case e.Snapshot != nil:
		b.snapshot(e.Time, *e.Snapshot)
	case e.Event != nil:
		b.event(e.Time, *e.Event)
	case e.Step != nil:
		if StepWords(*e.Step) != "" {
			b.Events = last(append(b.Events, Event{Time: e.Time, Step: e.Step}), RecentEvents)
		}
	case e.Clock != nil:
		b.clock(*e.Clock)
	case e.Phase != nil:
		b.Phases = append(b.Phases, *e.Phase)
	case e.Verdict != nil:
		b.Verdict = e.Verdict
	}
}

// Clone is a Board that later entries to b do not change.
func (b *Board) Clone() Board {
	c := *b
	c.Rows, c.Gone = slices.Clone(b.Rows), slices.Clone(b.Gone)
	c.Recent, c.Events, c.Phases = slices.Clone(b.Recent), slices.Clone(b.Events), slices.Clone(b.Phases)
	c.Clocks = slices.Clone(b.Clocks)
	return c
}

func (b *Board) answer(at time.Time, a timeline.Answer) {
	b.Recent = last(append(b.Recent, Answer{at, a}), RecentAnswers)
	b.Totals.Requests++
	b.Totals.Latency += a.Latency
	switch {
	case a.Code == 0:
		b.Totals.NoAnswer++
	case timeline.GatewayError(a.Code):
		b.Totals.Gateway++
	case a.Code >= 200 && a.Code < 400:
		b.Totals.OK++
	default:
		b.Totals.Other++
	}
	if a.Pod == "" {
		if a.Code != 0 {
			b.Totals.NoPod++
		}
		return
	}
	if i := slices.IndexFunc(b.Gone, func(r Row) bool { return r.Name == a.Pod }); i >= 0 {
		b.Gone[i].answer(a, b.Rule)
		return
	}
	b.row(a.Pod, a.Version).answer(a, b.Rule)
}

func (b *Board) snapshot(at time.Time, s timeline.Snapshot) {
	b.Counters = s.Counters
	listed := map[string]bool{}
	for _, pod := range s.Pods {
		listed[pod.Name] = true
		row := b.row(pod.Name, pod.Version)
		row.Address = pod.Address
		if row.stale(s.Asked, pod.State) {
			continue
		}
		row.Ejections = pod.Ejections
		if row.untold(at, pod.State) {
			continue
		}
		row.State = pod.State
		if pod.State != timeline.Ejected {
			row.EjectedAt = time.Time{}
		}
	}
	b.Rows = slices.DeleteFunc(b.Rows, func(r Row) bool {
		if listed[r.Name] {
			return false
		}
		r.State = timeline.Unknown
		b.Gone = append(b.Gone, r)
		return true
	})
	slices.SortFunc(b.Rows, func(x, y Row) int {
		if c := strings.Compare(x.Version, y.Version); c != 0 {
			return c
		}
		return strings.Compare(x.Name, y.Name)
	})
}

func (b *Board) event(at time.Time, e timeline.Event) {
	if e.Kind != timeline.Confirmed {
		b.Events = last(append(b.Events, Event{Time: at, Event: e}), RecentEvents)
	}
	switch e.Kind {
	case timeline.PodEjected:
		b.Totals.Ejections++
		row := b.row(e.Pod, "")
		row.eject(b.Rule, e.When(at), e.Ejection)
		row.ChangedAt = at
	case timeline.PodReturned:
		row := b.row(e.Pod, "")
		row.back(e.When(at))
		row.ChangedAt = at
	case timeline.Confirmed:
		b.confirm(e)
	case timeline.CountersReset, timeline.ClusterReplaced:
		for i := range b.Rows {
			b.Rows[i].InARow, b.Rows[i].Factor = 0, 0
		}
	case timeline.RuleChanged:
		if e.Rule != nil {
			b.Rule = *e.Rule
		}
	}
}

// confirm fills in what another source knew better, in the log of events too.
func (b *Board) confirm(e timeline.Event) {
	for i := len(b.Events) - 1; i >= 0; i-- {
		known := &b.Events[i]
		if known.Pod != e.Pod || string(known.Kind) != e.Detail || known.Ejection != e.Ejection {
			continue
		}
		if e.Cause != "" {
			known.Cause = e.Cause
		}
		if !e.Decided.IsZero() {
			known.Decided = e.Decided
		}
		if e.Errors > 0 {
			known.Errors, known.AtLeast = e.Errors, e.AtLeast
		}
		if e.Out > 0 {
			known.Out = e.Out
		}
		break
	}
	row := b.row(e.Pod, "")
	if e.Detail == string(timeline.PodEjected) && !e.Decided.IsZero() && row.State == timeline.Ejected && row.Ejections == e.Ejection {
		row.EjectedAt = e.Decided
	}
}

// row finds a pod's row, or makes it. The pointer is good until the next call.
func (b *Board) row(name, version string) *Row {
	i := slices.IndexFunc(b.Rows, func(r Row) bool { return r.Name == name })
	if i < 0 {
		b.Rows = append(b.Rows, Row{Name: name, State: timeline.Unknown})
		i = len(b.Rows) - 1
	}
	if version != "" {
		b.Rows[i].Version = version
	}
	return &b.Rows[i]
}

// last keeps the newest n, in an array of their own so that old ones are freed.
func last[T any](all []T, n int) []T {
	if len(all) <= n {
		return all
	}
	return slices.Clone(all[len(all)-n:])
}
