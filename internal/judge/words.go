package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/timeline"
)

// Words are the last lines of a proof: what was configured and measured.
func (res *Result) Words(off bool) string {
	var lines []string
	never := slices.ContainsFunc(res.Phases, func(p timeline.Phase) bool { return p.Name == Never })
	switch {
	case off:
		lines = append(lines, fmt.Sprintf("breaker off: ejections %d", len(res.Ejections)))
	case never:
		lines = append(lines, fmt.Sprintf("errors that the rule does not count: ejections %d", len(res.Ejections)))
	default:
		lines = append(lines,
			fmt.Sprintf("threshold:     configured %d, measured %s", res.Threshold.Configured, res.Threshold.words()),
			fmt.Sprintf("ejection time: configured %gs, measured %s", res.Ejection.ConfiguredSeconds, res.Ejection.words()))
	}
	for _, c := range res.Clocks {
		if c.Name == timeline.SidecarClock && (c.Least > time.Second/2 || c.Most < -time.Second/2) {
			lines = append(lines, fmt.Sprintf("clocks:        the sidecar's is %s ahead of this machine's", lengths{c.Least, c.Most}))
		}
	}
	lines = append(lines, "verdict:       "+Sentence(res.Verdict, res.Phases))
	for _, p := range res.Phases {
		if res.Verdict == timeline.Undetermined && p.Statement == timeline.NotProven && p.Missing != "" {
			lines = append(lines, fmt.Sprintf("  %s: missing is %s", withPod(p.Name, p.Pod), p.Missing))
		}
	}
	for _, d := range res.Diagnoses {
		lines = append(lines, "  "+d)
	}
	return strings.Join(lines, "\n")
}

// Sentence is a proof's verdict in words. Of a proof that no ejection was asked of,
// it says no more than that; a word that is no verdict proves nothing.
func Sentence(verdict string, phases []timeline.Phase) string {
	ejects := func(p timeline.Phase) bool { return p.Name == Trip || p.Name == Off || p.Name == Never }
	switch {
	case verdict == timeline.Agrees && !slices.ContainsFunc(phases, ejects):
		return "what was looked at is as the rule says; whether the breaker ejects was not (--phases trip)"
	case verdict == timeline.Agrees:
		return "the breaker does what the rule says"
	case verdict == timeline.Differs:
		return "the breaker does not do what the rule says"
	default:
		return "not proven that the breaker does what the rule says"
	}
}

// Headline is a verdict as a page has it on top.
func Headline(verdict string, phases []timeline.Phase) string {
	text := Sentence(verdict, phases)
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

func (t Threshold) words() string {
	switch {
	case t.Most == 0:
		return "none"
	case t.Measured > 0:
		return fmt.Sprint(t.Measured)
	default:
		return number{t.Least, t.Most}.String()
	}
}

func withPod(name, pod string) string {
	if pod == "" {
		return name
	}
	return name + " " + pod
}

func (e Ejection) words() string {
	if e.MeasuredSeconds == 0 {
		return "none"
	}
	return fmt.Sprintf("%.1fs", e.MeasuredSeconds)
}
