package screen

import (
	"fmt"
	"time"

	"istio-circuit-breaker/internal/board"
	"istio-circuit-breaker/internal/timeline"
)

// Layouts of a time of day.
const (
	seconds = "15:04:05"
	millis  = "15:04:05.000"
)

// EventLine is an event, or what a proof did beside the announced, as one line
// of text with its time in this machine's zone; empty for all other entries.
func EventLine(e timeline.Entry) string {
	text := ""
	switch {
	case e.Step != nil && board.StepWords(*e.Step) != "":
		text = stepKind + " " + board.StepWords(*e.Step)
	case e.Event != nil && e.Event.Kind != timeline.Confirmed:
		text = eventText(*e.Event)
	default:
		return ""
	}
	return clean(e.Time.Local().Format(millis) + " " + text)
}

// stepKind is what a step is called beside the kinds of events.
const stepKind = "step"

func eventText(e timeline.Event) string {
	text := string(e.Kind)
	for _, part := range []string{e.Pod, e.Cause, apart(e)} {
		if part != "" {
			text += " " + part
		}
	}
	text += measured(e)
	if e.Source != "" {
		text += " (" + e.Source + ")"
	}
	return text
}

// apart is an event's detail, where it is not a part of what measured says.
func apart(e timeline.Event) string {
	if e.Kind == timeline.PodEjected && e.AtLeast {
		return ""
	}
	return e.Detail
}

// measured is what an event tells in figures.
func measured(e timeline.Event) string {
	text := ""
	if errors := board.ErrorsWords(e); e.Kind == timeline.PodEjected && errors != "" {
		text += " " + errors
	}
	if e.Out > 0 {
		text += fmt.Sprintf(" after %.1fs", e.Out.Seconds())
	}
	if e.Rule != nil {
		text += ": now " + e.Rule.Brief()
	}
	return text
}

// log is the events, the newest first. What matters most comes first in each, as
// a narrow screen cuts its end off.
func (f *frame) log() *section {
	s := &section{least: 1, apart: true}
	for i := len(f.Events) - 1; i >= 0; i-- {
		e := f.Events[i]
		at := span{f.when(e.When(e.Time)) + "  ", faint}
		if e.Step != nil {
			s.lines = append(s.lines, line{at, {stepKind, wary}, {" " + board.StepWords(*e.Step), plain}})
			continue
		}
		rest := measured(e.Event)
		if e.Pod != "" {
			rest = " " + fit(clean(e.Pod), max(f.width/3, 8)) + rest
		}
		if e.Source != "" {
			rest += " (" + e.Source + ")"
		}
		for _, more := range []string{e.Cause, apart(e.Event)} {
			if more != "" {
				rest += " " + more
			}
		}
		s.lines = append(s.lines, line{at, {string(e.Kind), kindStyle(e.Kind)}, {rest, plain}})
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
