package verify

import (
	"encoding/xml"
	"fmt"
	"io"
	"istio-circuit-breaker/internal/timeline"
)

type (
	junitSuite struct {
		XMLName  xml.Name    `xml:"testsuite"`
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure"`
		Output  string        `xml:"system-out"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes the phases as test cases, for anyone's CI.
func (r *Result) JUnit(w io.Writer) error {
	suite, total := junitSuite{Name: "istio-circuit-breaker", Tests: len(r.Phases)}, 0.0
	for _, p := range r.Phases {
		c := junitCase{Name: p.Name, Class: "verify", Time: fmt.Sprintf("%.3f", p.Took.Seconds()),
			Output: fmt.Sprintf("expected: %s\nmeasured: %s\ntolerance: %s\nwhy: %s", p.Expected, p.Measured, p.Tolerance, p.Why)}
		if p.Pod != "" {
			c.Name += " " + p.Pod
		}
		if p.Statement != timeline.Proven {
			suite.Failures++
			c.Failure = &junitFailure{Message: "expected " + p.Expected + ", measured " + p.Measured, Text: p.Diagnosis}
		}
		total += p.Took.Seconds()
		suite.Cases = append(suite.Cases, c)
	}
	suite.Time = fmt.Sprintf("%.3f", total)
	text, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return fmt.Errorf("writing JUnit XML: %w", err)
	}
	if _, err := fmt.Fprintf(w, "%s%s\n", xml.Header, text); err != nil {
		return fmt.Errorf("writing JUnit XML: %w", err)
	}
	return nil
}
