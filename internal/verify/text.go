package verify

import (
	"fmt"
	"strings"

	"istio-circuit-breaker/internal/timeline"
)

// Text is a statement as a person reads it.
func Text(p timeline.Phase) string {
	mark := map[timeline.Statement]string{timeline.Proven: "ok", timeline.Refuted: "FAIL", timeline.NotProven: "unproven"}[p.Statement]
	name := p.Name
	if p.Pod != "" {
		name += " " + p.Pod
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-4s %s (%.1fs)\n", mark, name, p.Took.Seconds())
	answers := ""
	if p.Least > 0 {
		answers = fmt.Sprintf("%d, at least %d are needed", p.Answers, p.Least)
	}
	for _, line := range []struct{ what, text string }{
		{"expected", p.Expected}, {"measured", p.Measured}, {"tolerance", p.Tolerance}, {"answers", answers}, {"missing", p.Missing}, {"why", p.Why}, {"cause", p.Diagnosis}} {
		if line.text != "" {
			fmt.Fprintf(&b, "       %-10s %s\n", line.what, line.text)
		}
	}
	for _, e := range p.Evidence {
		fmt.Fprintf(&b, "       %-10s %s\n", "evidence", e)
	}
	return b.String()
}
