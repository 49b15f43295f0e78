package lint

import (
	"fmt"
	"io"
	"strings"

	"istio-circuit-breaker/internal/breaker"
)

// Text writes the report for people: what each rule means, then what was found.
func (r Report) Text(w io.Writer) error {
	r = r.printable()
	var out strings.Builder
	for _, m := range r.Rules {
		name := m.Object
		if m.For != "" {
			name += ", " + m.For
		}
		fmt.Fprintf(&out, "%s: %s\n    %s\n", m.place(), name, m.Words)
	}
	if len(r.Rules) > 0 {
		out.WriteString("\n")
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&out, "%s: %s: %s: %s, %s\n    %s\n    why: %s\n    fix: %s\n", f.place(), f.Severity, f.Code, f.Object, f.Field, strings.Join(f.lines(), "\n    "), f.Source, f.Fix)
	}
	if len(r.Findings) > 0 {
		out.WriteString("\n")
	}
	for _, i := range r.Ignored {
		fmt.Fprintf(&out, "%s: ignored: %s: %s: %s\n", i.place(), i.Code, i.Object, i.Reason)
	}
	out.WriteString(r.Summary() + "\n")
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// Summary is the report in one line.
func (r Report) Summary() string {
	read := breaker.Count(r.Files, "file")
	if r.Where != "" {
		read = r.Where
	}
	text := fmt.Sprintf("%s, %s: %s, %s, %s", read, breaker.Count(len(r.Rules), "outlierDetection"),
		breaker.Count(r.Count(Error), "error"), breaker.Count(r.Count(Warning), "warning"), breaker.Count(r.Count(Info), "info"))
	if n := len(r.Ignored); n > 0 {
		text += fmt.Sprintf(", %d ignored", n)
	}
	return text
}
