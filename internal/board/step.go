package board

import (
	"fmt"
	"strings"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// StepWords is what a proof did, in words: that it sends another load, or why
// it departs from what it announced. Empty for a step that only begins a phase,
// which the phase itself will tell of.
func StepWords(s timeline.Step) string {
	var parts []string
	if s.Phase != "" && s.Why != "" {
		parts = append(parts, s.Phase)
	}
	if s.Load != nil {
		parts = append(parts, LoadWords(*s.Load))
	}
	if s.Why != "" {
		parts = append(parts, s.Why)
	}
	return strings.Join(parts, ": ")
}

// LoadWords is a load in words.
func LoadWords(l timeline.Load) string {
	if l.Concurrency <= 0 {
		return "no requests"
	}
	rate := "requests as fast as answers come"
	if l.Rate > 0 {
		rate = fmt.Sprintf("%g requests a second", l.Rate)
	}
	return rate + ", " + breaker.Count(l.Concurrency, "worker")
}
