package verify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// Result is a proof's outcome, as --json prints it.
type Result struct {
	Verdict string `json:"verdict"` // Agrees or Differs
	// Threshold in gateway errors in a row; measured 0 where nothing was ejected.
	Threshold struct {
		Configured int `json:"configured"`
		Measured   int `json:"measured"`
	} `json:"threshold"`
	// Ejection is that of the first pod that went; measured 0 where its return
	// was not seen.
	Ejection struct {
		Pod               string  `json:"pod"`
		ConfiguredSeconds float64 `json:"configuredSeconds"`
		MeasuredSeconds   float64 `json:"measuredSeconds"`
	} `json:"ejection"`
	ErrorsWhileEjected int              `json:"errorsWhileEjected"`
	Counters           Counts           `json:"counters"`
	Ejections          []Out            `json:"ejections"` // of all pods
	Diagnoses          []string         `json:"diagnoses"` // causes of what differs
	Phases             []timeline.Phase `json:"phases"`
}

// Out is one ejection.
type Out struct {
	Pod     string    `json:"pod"`
	Number  int       `json:"number"` // the pod's, from 1
	Errors  int       `json:"errors"` // in a row, when it was decided
	At      time.Time `json:"at"`
	Seconds float64   `json:"seconds"` // 0: not back yet
}

// Verdicts.
const (
	Agrees  = "agrees"
	Differs = "differs"
)

// configured takes what the rule promises. A gateway threshold that a lower 5xx
// threshold masks is still what the user asked for.
func (r *Result) configured(rule breaker.Rule) {
	errors, _ := rule.Threshold()
	if g := rule.ConsecutiveGatewayErrors; rule.Enabled && g != nil && *g > 0 {
		errors = *g
	}
	r.Threshold.Configured = int(errors)
	if rule.Enabled {
		r.Ejection.ConfiguredSeconds = rule.Base().Seconds()
	}
}

// conclude makes the verdict of the phases.
func (r *run) conclude() error {
	failed := slices.DeleteFunc(slices.Clone(r.result.Phases), func(p timeline.Phase) bool { return (p.Statement == timeline.Proven) })
	for _, p := range failed {
		if p.Diagnosis != "" && !slices.Contains(r.result.Diagnoses, p.Diagnosis) {
			r.result.Diagnoses = append(r.result.Diagnoses, p.Diagnosis)
		}
	}
	r.result.Verdict = Agrees
	if len(failed) > 0 {
		r.result.Verdict = Differs
	}
	words := r.result.Words(r.wants(Off))
	return r.Each(timeline.Entry{Time: time.Now(), Verdict: &timeline.Verdict{Verdict: r.result.Verdict, Words: words}})
}

// Words are the last lines of a proof: what was configured and measured.
func (r *Result) Words(off bool) string {
	var lines []string
	if off {
		lines = append(lines, fmt.Sprintf("breaker off: ejections %d", len(r.Ejections)))
	} else {
		lines = append(lines,
			fmt.Sprintf("threshold:     configured %d, measured %s", r.Threshold.Configured, number(r.Threshold.Measured)),
			fmt.Sprintf("ejection time: configured %gs, measured %s", r.Ejection.ConfiguredSeconds, measured(r.Ejection.MeasuredSeconds)))
	}
	verdict := "verdict:       the breaker does what the rule says"
	if r.Verdict != Agrees {
		verdict = "verdict:       the breaker does not do what the rule says"
		for _, d := range r.Diagnoses {
			verdict += "\n  " + d
		}
	}
	return strings.Join(append(lines, verdict), "\n")
}

func number(n int) string {
	if n == 0 {
		return "none"
	}
	return fmt.Sprint(n)
}

func measured(s float64) string {
	if s == 0 {
		return "none"
	}
	return fmt.Sprintf("%.1fs", s)
}

func stated(holds bool) timeline.Statement {
	if holds {
		return timeline.Proven
	}
	return timeline.Refuted
}
