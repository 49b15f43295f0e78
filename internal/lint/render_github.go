package lint

import (
	"fmt"
	"io"
	"strings"
)

// Escapes of GitHub's workflow commands; a property's has more.
var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// GitHub writes findings as annotations of a workflow run.
func (r Report) GitHub(w io.Writer) error {
	r = r.printable()
	var out strings.Builder
	for _, f := range r.Findings {
		level := string(f.Severity)
		if f.Severity == Info {
			level = "notice"
		}
		place := ""
		if f.File != "" {
			place = fmt.Sprintf("file=%s,line=%d,col=%d,", githubProperty.Replace(f.File), f.Line, f.Column)
		}
		fmt.Fprintf(&out, "::%s %stitle=%s::%s\n", level, place, githubProperty.Replace(f.Code),
			githubData.Replace(fmt.Sprintf("%s: %s\nwhy: %s\nfix: %s", f.Object, strings.Join(f.lines(), "\n"), f.Source, f.Fix)))
	}
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("writing the annotations: %w", err)
	}
	return nil
}
