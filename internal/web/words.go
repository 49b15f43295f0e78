package web

import (
	"fmt"

	"istio-circuit-breaker/internal/board"
	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// words is an event in words, for somebody who has not read any manual.
func words(e timeline.Event) string {
	switch e.Kind {
	case timeline.PodEjected:
		text := e.Pod + " was ejected"
		if e.Ejection > 1 {
			text += fmt.Sprintf(" for the %s time", breaker.Ordinal(e.Ejection))
		}
		if errors := board.ErrorsWords(e); errors != "" {
			text += " " + errors
		}
		return text
	case timeline.PodReturned:
		if e.Out > 0 {
			return fmt.Sprintf("%s is back after %.1f s", e.Pod, e.Out.Seconds())
		}
		return detail(e.Pod+" is back", e.Detail)
	case timeline.PodAdded:
		return e.Pod + " was added"
	case timeline.PodRemoved:
		return e.Pod + " was removed"
	case timeline.RuleChanged:
		return "The rule was changed"
	case timeline.CountersReset:
		return "The client's sidecar restarted: its counts and ejections start again"
	case timeline.ClusterReplaced:
		return "The client's sidecar got another configuration: its pods' counts and ejections start again"
	case timeline.SourceLost:
		return detail("Lost touch with: "+e.Source, e.Detail)
	case timeline.SourceBack:
		return "In touch again with: " + e.Source
	case timeline.Disagreement:
		return detail("Sources disagree", e.Detail)
	default:
		return detail(string(e.Kind)+" "+e.Pod, e.Detail)
	}
}

func detail(text, more string) string {
	if more == "" {
		return text
	}
	return text + " (" + more + ")"
}
