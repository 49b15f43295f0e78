package screen

import (
	"fmt"

	"istio-circuit-breaker/internal/callers"
	"istio-circuit-breaker/internal/target"
	"istio-circuit-breaker/internal/timeline"
)

// CallerLine is an event of a caller as one line of text, with its time in this
// machine's zone; empty for one that only adds to another.
func CallerLine(e callers.Event) string {
	if e.Kind == timeline.Confirmed {
		return ""
	}
	return clean(e.Time.Local().Format(millis) + " " + string(e.Kind) + callerEvent(e))
}

// callerEvent is an event behind its kind.
func callerEvent(e callers.Event) string {
	text := ""
	if e.Pod != "" {
		text += " " + e.Pod
	}
	switch {
	case e.Caller == "":
	case e.Kind == timeline.PodReturned:
		text += " to " + e.Caller
	case e.Pod != "":
		text += " by " + e.Caller
	default:
		text += " " + e.Caller
	}
	if t, ok := target.ParseCluster(e.Cluster); ok && t.Subset != "" {
		text += " (subset " + t.Subset + ")"
	}
	if e.Cause != "" {
		text += " " + e.Cause
	}
	if e.Out > 0 {
		text += fmt.Sprintf(" after %.1fs", e.Out.Seconds())
	}
	if e.Kind == callers.OutAlready && e.Since != nil {
		text += " " + e.Since.Since(e.Time.Local())
	}
	if e.Back != nil && e.Kind != timeline.Confirmed {
		text += ", " + e.Back.Back(e.Time.Local())
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Source != "" {
		text += " (" + e.Source + ")"
	}
	return text
}

func outStyle(n int) style {
	if n > 0 {
		return bad
	}
	return plain
}

// cellStyle is how a pod's place looks.
func cellStyle(c callers.Cell) style {
	switch {
	case c.Out:
		return bad
	case c.Ejections > 0:
		return wary
	default:
		return good
	}
}
