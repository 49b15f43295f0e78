package lint

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"istio-circuit-breaker/internal/junit"
)

// JUnit writes the report as test suites, one for each file or object. Each rule is a case
// that says what it means, and each finding a case that fails, if it is of a
// severity that fails the run; others pass, with their text as output.
func (r Report) JUnit(w io.Writer, fails func(Finding) bool) error {
	r = r.printable()
	var all []junit.Suite
	of := map[string]int{}
	add := func(c junit.Case, place string) {
		name := cmp.Or(c.File, place)
		i, known := of[name]
		if !known {
			i = len(all)
			of[name], all = i, append(all, junit.Suite{Name: name})
		}
		all[i].Cases = append(all[i].Cases, c)
	}
	for _, m := range r.Rules {
		add(junit.Case{Name: strings.TrimSpace(m.Object + " " + m.For), Class: "outlierDetection", File: m.File, Line: m.Line, Output: m.Words}, m.place())
	}
	for _, f := range r.Findings {
		c := junit.Case{Name: f.Object + " " + f.Field, Class: f.Code, File: f.File, Line: f.Line}
		text := fmt.Sprintf("%s\n%s\nwhy: %s\nfix: %s", f.place(), strings.Join(f.lines(), "\n"), f.Source, f.Fix)
		if fails(f) {
			c.Failure = &junit.Trouble{Message: f.Text, Type: string(f.Severity), Text: text}
		} else {
			c.Output = string(f.Severity) + ": " + text
		}
		add(c, f.place())
	}
	for _, i := range r.Ignored {
		add(junit.Case{Name: i.Object + " " + i.Field, Class: i.Code, File: i.File, Line: i.Line, Skipped: &junit.Trouble{Message: i.Reason}}, i.place())
	}
	return junit.Write(w, all...)
}
