package junit

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestCasesAreCountedByTheirOutcome(t *testing.T) {
	var got strings.Builder
	err := Write(&got,
		Suite{Name: "a<b", Cases: []Case{{Name: "passes", Class: "c", Time: Seconds(1500 * time.Millisecond)}, {Name: "fails", Class: "c", Time: Seconds(time.Second), Failure: &Trouble{Message: "no", Type: "refuted", Text: "why"}}}},
		Suite{Name: "other", Cases: []Case{{Name: "fell", Class: "c", Error: &Trouble{Message: "gone"}}, {Name: "left", Class: "c", File: "f.yaml", Line: 3, Skipped: &Trouble{Message: "so meant"}, Output: "said"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<testsuites tests="4" failures="1" errors="1" skipped="1" time="2.500">`,
		`<testsuite name="a&lt;b" tests="2" failures="1" errors="0" skipped="0" time="2.500">`,
		`<testcase name="passes" classname="c" time="1.500"></testcase>`,
		`<failure message="no" type="refuted">why</failure>`,
		`<testsuite name="other" tests="2" failures="0" errors="1" skipped="1">`,
		`<error message="gone"></error>`,
		`<testcase name="left" classname="c" file="f.yaml" line="3">`,
		`<skipped message="so meant"></skipped>`,
		`<system-out>said</system-out>`,
	} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("got\n%s\nwant %s in it", got.String(), want)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestAFailedWriteIsNamed(t *testing.T) {
	if err := Write(full{}); err == nil || err.Error() != "writing JUnit XML: disk full" {
		t.Errorf("got %v", err)
	}
}
