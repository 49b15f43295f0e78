package verify

import (
	"fmt"
	"io"
	"strings"

	"istio-circuit-breaker/internal/judge"
	"istio-circuit-breaker/internal/junit"
	"istio-circuit-breaker/internal/timeline"
)

const suiteName = "istio-circuit-breaker"

// JUnit writes the statements as test cases, for anyone's CI. What is not proven
// fails like what is refuted; its type tells the two apart.
func JUnit(w io.Writer, r *judge.Result) error {
	suite := junit.Suite{Name: suiteName}
	for _, p := range r.Phases {
		c := junit.Case{Name: p.Name, Class: "verify", Time: junit.Seconds(p.Took),
			Output: fmt.Sprintf("expected: %s\nmeasured: %s\ntolerance: %s\nwhy: %s\nevidence: %s", p.Expected, p.Measured, p.Tolerance, p.Why, strings.Join(p.Evidence, "\n          "))}
		if p.Pod != "" {
			c.Name += " " + p.Pod
		}
		if p.Statement != timeline.Proven {
			message := "expected " + p.Expected + ", measured " + p.Measured
			if p.Missing != "" {
				message += "; missing is " + p.Missing
			}
			c.Failure = &junit.Trouble{Message: message, Type: string(p.Statement), Text: p.Diagnosis}
		}
		suite.Cases = append(suite.Cases, c)
	}
	return junit.Write(w, suite)
}

// JUnitError writes a proof that could not be done, so that no older file is
// taken for its outcome.
func JUnitError(w io.Writer, failed error) error {
	return junit.Write(w, junit.Suite{Name: suiteName, Cases: []junit.Case{{Name: "verify", Class: "verify",
		Error: &junit.Trouble{Message: failed.Error(), Type: "could not be done"}}}})
}
