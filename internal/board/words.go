package board

import (
	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// ErrorsWords says how many errors in a row an ejection came after, and that it
// may have been more where not all were seen; empty where nobody counted.
func ErrorsWords(e timeline.Event) string {
	text := "after "
	switch {
	case e.Errors <= 0 && !e.AtLeast:
		return ""
	case e.Errors <= 0:
		text += "errors that were not seen"
	case e.AtLeast:
		text += "at least " + breaker.Count(e.Errors, "error") + " in a row"
	default:
		text += breaker.Count(e.Errors, "error") + " in a row"
	}
	if e.AtLeast && e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}
