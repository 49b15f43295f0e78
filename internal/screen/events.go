package screen

import (
	"fmt"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// Layouts of a time of day.
const (
	seconds = "15:04:05"
	millis  = "15:04:05.000"
)

// EventLine is an event as one line of text, with its time in this machine's
// zone; empty for all entries but events.
func EventLine(e timeline.Entry) string {
	if e.Event == nil || e.Event.Kind == timeline.Confirmed {
		return ""
	}
	happened := e.Event
	text := string(happened.Kind)
	for _, part := range []string{happened.Pod, happened.Cause, happened.Detail} {
		if part != "" {
			text += " " + part
		}
	}
	text += measured(*happened)
	if happened.Source != "" {
		text += " (" + happened.Source + ")"
	}
	return clean(e.Time.Local().Format(millis) + " " + text)
}

// measured is what an event tells in figures.
func measured(e timeline.Event) string {
	text := ""
	if e.Kind == timeline.PodEjected && e.Errors > 0 {
		text += " after " + breaker.Count(e.Errors, "error") + " in a row"
	}
	if e.Out > 0 {
		text += fmt.Sprintf(" after %.1fs", e.Out.Seconds())
	}
	if e.Rule != nil {
		text += ": " + short(*e.Rule)
	}
	return text
}

// short is a rule in a few words.
func short(r breaker.Rule) string {
	errors, by := r.Threshold()
	if by == breaker.NoDetector {
		return "now no pod is ever taken out"
	}
	return fmt.Sprintf("now %s in a row, out for %s, at most %d %% of pods", breaker.Count(int(errors), "error"), breaker.Short(r.Base()), r.Percent())
}

// log is the events, the newest first. What matters most comes first in each, as
// a narrow screen cuts its end off.
func (f *frame) log() *section {
	s := &section{least: 1, apart: true}
	for i := len(f.Events) - 1; i >= 0; i-- {
		e := f.Events[i]
		rest := measured(e.Event)
		if e.Pod != "" {
			rest = " " + fit(clean(e.Pod), max(f.width/3, 8)) + rest
		}
		if e.Source != "" {
			rest += " (" + e.Source + ")"
		}
		for _, more := range []string{e.Cause, e.Detail} {
			if more != "" {
				rest += " " + more
			}
		}
		s.lines = append(s.lines, line{{f.when(e.When(e.Time)) + "  ", faint}, {string(e.Kind), kindStyle(e.Kind)}, {rest, plain}})
	}
	return s
}

// when is the time of an event, as exact as there is room for.
func (f *frame) when(at time.Time) string {
	if f.width < 2*Least {
		return at.In(f.now.Location()).Format(seconds)
	}
	return at.In(f.now.Location()).Format(millis)
}

func kindStyle(k timeline.EventKind) style {
	switch k {
	case timeline.PodEjected, timeline.SourceLost, timeline.Disagreement:
		return bad
	case timeline.PodReturned, timeline.SourceBack:
		return good
	default:
		return wary
	}
}
