package lint

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr"`
		Line    int           `xml:"line,attr"`
		Failure *junitFailure `xml:"failure"`
		Skipped *junitSkipped `xml:"skipped"`
		Output  string        `xml:"system-out,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
	junitSkipped struct {
		Message string `xml:"message,attr"`
	}
)

// JUnit writes the report as test suites, one for each file. Each rule is a case
// that says what it means, and each finding a case that fails, if it is of a
// severity that fails the run; others pass, with their text as output.
func (r Report) JUnit(w io.Writer, fails func(Finding) bool) error {
	var all junitSuites
	of := map[string]int{}
	suite := func(file string) *junitSuite {
		i, known := of[file]
		if !known {
			i = len(all.Suites)
			of[file], all.Suites = i, append(all.Suites, junitSuite{Name: file})
		}
		return &all.Suites[i]
	}
	add := func(c junitCase) {
		s := suite(c.File)
		s.Cases = append(s.Cases, c)
		s.Tests++
		all.Tests++
		if c.Failure != nil {
			s.Failures++
			all.Failures++
		}
		if c.Skipped != nil {
			s.Skipped++
		}
	}
	for _, m := range r.Rules {
		add(junitCase{Name: strings.TrimSpace(m.Object + " " + m.For), Class: "outlierDetection", File: m.File, Line: m.Line, Output: m.Words})
	}
	for _, f := range r.Findings {
		c := junitCase{Name: f.Object + " " + f.Field, Class: f.Code, File: f.File, Line: f.Line}
		text := fmt.Sprintf("%s:%d\n%s\nwhy: %s\nfix: %s", f.File, f.Line, f.Text, f.Source, f.Fix)
		if fails(f) {
			c.Failure = &junitFailure{Message: f.Text, Type: string(f.Severity), Text: text}
		} else {
			c.Output = string(f.Severity) + ": " + text
		}
		add(c)
	}
	for _, i := range r.Ignored {
		add(junitCase{Name: i.Object + " " + i.Field, Class: i.Code, File: i.File, Line: i.Line, Skipped: &junitSkipped{Message: i.Reason}})
	}
	text, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("writing JUnit XML: %w", err)
	}
	if _, err := fmt.Fprintf(w, "%s%s\n", xml.Header, text); err != nil {
		return fmt.Errorf("writing JUnit XML: %w", err)
	}
	return nil
}
