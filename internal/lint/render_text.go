package lint

import (
	"fmt"
	"io"
	"strings"

	"istio-circuit-breaker/internal/breaker"
)

// Text writes the report for people: what each rule means, then what was found.
func (r Report) Text(w io.Writer) error {
	var out strings.Builder
	for _, m := range r.Rules {
		name := m.Object
		if m.For != "" {
			name += ", " + m.For
		}
		fmt.Fprintf(&out, "%s:%d: %s\n    %s\n", m.File, m.Line, name, m.Words)
	}
	if len(r.Rules) > 0 {
		out.WriteString("\n")
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&out, "%s:%d: %s: %s: %s, %s\n    %s\n    why: %s\n    fix: %s\n", f.File, f.Line, f.Severity, f.Code, f.Object, f.Field, f.Text, f.Source, f.Fix)
	}
	if len(r.Findings) > 0 {
		out.WriteString("\n")
	}
	for _, i := range r.Ignored {
		fmt.Fprintf(&out, "%s:%d: ignored: %s: %s: %s\n", i.File, i.Line, i.Code, i.Object, i.Reason)
	}
	out.WriteString(r.Summary() + "\n")
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// Summary is the report in one line.
func (r Report) Summary() string {
	text := fmt.Sprintf("%s, %s: %s, %s, %s", breaker.Count(r.Files, "file"), breaker.Count(len(r.Rules), "outlierDetection"),
		breaker.Count(r.Count(Error), "error"), breaker.Count(r.Count(Warning), "warning"), breaker.Count(r.Count(Info), "info"))
	if n := len(r.Ignored); n > 0 {
		text += fmt.Sprintf(", %d ignored", n)
	}
	return text
}
