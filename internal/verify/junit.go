package verify

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"istio-circuit-breaker/internal/judge"
	"istio-circuit-breaker/internal/timeline"
)

type (
	junitSuite struct {
		XMLName  xml.Name    `xml:"testsuite"`
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure"`
		Error   *junitFailure `xml:"error"`
		Output  string        `xml:"system-out,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

const suiteName = "istio-circuit-breaker"

// JUnit writes the statements as test cases, for anyone's CI. What is not proven
// fails like what is refuted; its type tells the two apart.
func JUnit(w io.Writer, r *judge.Result) error {
	suite, total := junitSuite{Name: suiteName, Tests: len(r.Phases)}, 0.0
	for _, p := range r.Phases {
		c := junitCase{Name: p.Name, Class: "verify", Time: fmt.Sprintf("%.3f", p.Took.Seconds()),
			Output: fmt.Sprintf("expected: %s\nmeasured: %s\ntolerance: %s\nwhy: %s\nevidence: %s", p.Expected, p.Measured, p.Tolerance, p.Why, strings.Join(p.Evidence, "\n          "))}
		if p.Pod != "" {
			c.Name += " " + p.Pod
		}
		if p.Statement != timeline.Proven {
			suite.Failures++
			message := "expected " + p.Expected + ", measured " + p.Measured
			if p.Missing != "" {
				message += "; missing is " + p.Missing
			}
			c.Failure = &junitFailure{Message: message, Type: string(p.Statement), Text: p.Diagnosis}
		}
		total += p.Took.Seconds()
		suite.Cases = append(suite.Cases, c)
	}
	suite.Time = fmt.Sprintf("%.3f", total)
	return suite.write(w)
}

// JUnitError writes a proof that could not be done, so that no older file is
// taken for its outcome.
func JUnitError(w io.Writer, failed error) error {
	return junitSuite{Name: suiteName, Tests: 1, Errors: 1, Time: "0.000", Cases: []junitCase{{Name: "verify", Class: "verify", Time: "0.000",
		Error: &junitFailure{Message: failed.Error(), Type: "could not be done"}}}}.write(w)
}

func (s junitSuite) write(w io.Writer) error {
	text, err := xml.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("writing JUnit XML: %w", err)
	}
	if _, err := fmt.Fprintf(w, "%s%s\n", xml.Header, text); err != nil {
		return fmt.Errorf("writing JUnit XML: %w", err)
	}
	return nil
}
