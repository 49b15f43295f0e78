package verify

import (
	"fmt"
	"strings"

	"istio-circuit-breaker/internal/timeline"
)

// Text is a phase as a person reads it.
func Text(p timeline.Phase) string {
	mark, name := "ok  ", p.Name
	if p.Statement != timeline.Proven {
		mark = "FAIL"
	}
	if p.Pod != "" {
		name += " " + p.Pod
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s (%s)\n", mark, name, seconds(p.Took))
	for _, line := range []struct{ what, text string }{
		{"expected", p.Expected}, {"measured", p.Measured}, {"tolerance", p.Tolerance}, {"why", p.Why}, {"cause", p.Diagnosis}} {
		if line.text != "" {
			fmt.Fprintf(&b, "       %-10s %s\n", line.what, line.text)
		}
	}
	return b.String()
}
