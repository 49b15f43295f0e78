package report

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"istio-circuit-breaker/internal/board"
	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/compare"
	"istio-circuit-breaker/internal/judge"
	"istio-circuit-breaker/internal/timeline"
)

// Verdicts of a report: those of a proof, and that there is none.
const (
	Agrees    = timeline.Agrees
	Refuted   = timeline.Differs
	NotProven = timeline.Undetermined
	NoVerdict = "none"
)

// Report is what a recording says. Times in seconds are since the start of
// their run.
type Report struct {
	Verdict string `json:"verdict"` // Agrees, Refuted, NotProven or NoVerdict
	// Sentence is the verdict in words.
	Sentence string `json:"sentence"`
	Runs     []*Run `json:"runs"`
	// Sides are a comparison's two runs in figures; nil for anything else.
	Sides *Sides `json:"sides,omitempty"`
}

// Sides are the two runs of a comparison.
type Sides struct {
	Off compare.Side `json:"off"`
	On  compare.Side `json:"on"`
}

// Run is one run of a recording. Header is the zero Header where the proof
// ended before it began to watch.
type Run struct {
	Header  timeline.Header `json:"header"`
	Began   time.Time       `json:"began"`
	Seconds float64         `json:"seconds"`
	// RuleWords are the rule at the start, in words; empty without a header.
	RuleWords string            `json:"ruleWords,omitempty"`
	Load      Load              `json:"load"`
	Totals    board.Totals      `json:"totals"`
	Checks    []Check           `json:"checks"`
	Pods      []*Pod            `json:"pods"`
	Latencies []Latency         `json:"latencies"`
	Periods   []Period          `json:"periods"`
	Counters  timeline.Counters `json:"counters"` // at the end
	Events    []Event           `json:"events"`
	Phases    []timeline.Phase  `json:"phases"`
	// Clocks are the last estimate of each, and Symptoms what a look around found.
	Clocks   []timeline.Clock   `json:"clocks,omitempty"`
	Symptoms []timeline.Symptom `json:"symptoms,omitempty"`
	Verdict  *timeline.Verdict  `json:"verdict,omitempty"`

	answers []answer // in the order of their ends
	samples []sample
	marks   []mark
	gaps    []gap
	rules   []ruling
	// restarts of the sidecar.
	restarts []float64
}

// Pod is one pod in a run.
type Pod struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Answers int    `json:"answers"`
	Outs    []Out  `json:"ejections"`

	there          []span // known to the API server
	dim            []span // terminating, or not known to Envoy
	added, removed bool
}

// Out is one ejection of a pod.
type Out struct {
	// Number counts the pod's ejections from 1; 0 where it was out already when
	// the recording began.
	Number int `json:"number"`
	Errors int `json:"errors"` // in a row, when it was decided
	// AtLeast is true where there may have been more errors than were seen.
	AtLeast bool   `json:"atLeast,omitempty"`
	Cause   string `json:"cause,omitempty"`
	span
	// Returned is false where the pod was still out at the end, or Cut.
	Returned bool `json:"returned"`
	// Cut says what ended it other than the rule: a restart, or the pod's removal.
	Cut string `json:"cut,omitempty"`

	exact bool // From is Envoy's own time
}

// Seconds is how long it lasted, as far as it was seen.
func (o Out) Seconds() float64 { return o.To - o.From }

// Event is an event, with what other sources told of it later.
type Event struct {
	At float64 `json:"at"` // as decided by Envoy where known, else as reported
	timeline.Event
	// Seen is how long after Envoy's decision it was reported; below 0: not known.
	Seen    float64  `json:"seenSeconds"`
	Sources []string `json:"sources"`
}

// span is a time in seconds.
type span struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
}

func (s span) has(t float64) bool { return t >= s.From && t < s.To }

// kind is what became of a request.
type kind int

const (
	ok      kind = iota // 2xx and 3xx
	gateway             // 502, 503 and 504, which Envoy counts
	other               // any other code
	silent              // no answer
	kinds
)

// answer is one request.
type answer struct {
	sent, took, end float64
	code            int
	kind            kind
	pod             string // "": Envoy answered itself, or nobody
}

// sample is the counters at a moment.
type sample struct {
	at float64
	timeline.Counters
}

// mark is something that concerns all pods.
type mark struct {
	at   float64
	what string
}

// gap is a time in which sources could not be heard.
type gap struct {
	span
	sources []string
}

// ruling is the rule in force from a time on.
type ruling struct {
	at   float64
	rule breaker.Rule
}

// Of makes a report of a recording's entries. What is no recording is an error.
func Of(entries []timeline.Entry) (*Report, error) {
	r := &Report{Verdict: NoVerdict}
	runs := timeline.Runs(entries)
	for _, entries := range runs {
		run, err := fold(entries)
		if err != nil {
			return nil, err
		}
		r.Runs = append(r.Runs, run)
	}
	if len(r.Runs) == 0 {
		return nil, errors.New("making a report: the recording is empty")
	}
	for _, run := range r.Runs {
		if verdict := run.proved(); verdict != NoVerdict && r.Verdict != Refuted && (r.Verdict != NotProven || verdict == Refuted) {
			r.Verdict = verdict
		}
	}
	r.Sides = sides(r.Runs, runs)
	r.Sentence = r.sentence()
	return r, nil
}

// proved is the verdict of a run. It is never better than what its phases state.
func (r *Run) proved() string {
	if r.Verdict == nil {
		return NoVerdict
	}
	states := func(s timeline.Statement) bool {
		return slices.ContainsFunc(r.Phases, func(p timeline.Phase) bool { return stated(p) == s })
	}
	switch {
	case r.Verdict.Verdict == timeline.Differs, states(timeline.Refuted):
		return Refuted
	case r.Verdict.Verdict != timeline.Agrees, states(timeline.NotProven):
		return NotProven
	default:
		return Agrees
	}
}

// sides are the figures of a comparison, if it is one and both runs have answers.
func sides(runs []*Run, entries [][]timeline.Entry) *Sides {
	if len(runs) != 2 || runs[0].Header.Command != "compare" || runs[0].Header.Rule.Enabled || !runs[1].Header.Rule.Enabled {
		return nil
	}
	off, offErr := compare.Of(entries[0])
	on, onErr := compare.Of(entries[1])
	if offErr != nil || onErr != nil {
		return nil
	}
	return &Sides{Off: off, On: on}
}

// phases are those of all runs.
func (r *Report) phases() []timeline.Phase {
	var all []timeline.Phase
	for _, run := range r.Runs {
		all = append(all, run.Phases...)
	}
	return all
}

// sentence is the verdict in words.
func (r *Report) sentence() string {
	first := r.Runs[0]
	switch {
	case r.Verdict != NoVerdict:
		return judge.Headline(r.Verdict, r.phases())
	case r.Sides != nil && r.Sides.On.SuccessRate > r.Sides.Off.SuccessRate:
		return fmt.Sprintf("The breaker lifts the share of good answers from %s to %s.", percent(r.Sides.Off.SuccessRate), percent(r.Sides.On.SuccessRate))
	case r.Sides != nil:
		return fmt.Sprintf("The breaker does not help here: %s good answers without it, %s with it.", percent(r.Sides.Off.SuccessRate), percent(r.Sides.On.SuccessRate))
	case first.Header.Command == "compare" && len(r.Runs) == 1:
		return "No verdict: this comparison has only one of its two runs."
	case len(first.Phases) > 0 || first.Header.Command == "verify":
		return "No verdict: this proof did not reach its end."
	default:
		return "No verdict: this run was watched, not proved."
	}
}
