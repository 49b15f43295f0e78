// Package junit writes results as the XML that CI servers read: the format of Ant's
// JUnit task, as far as Jenkins and GitLab agree on it.
package junit

import (
	"encoding/xml"
	"fmt"
	"io"
	"time"
)

// Suite is what belongs together. Write counts its cases.
type Suite struct {
	Name  string
	Cases []Case
}

// Case is one result: it passed, unless one of Failure, Error and Skipped is set.
type Case struct {
	Name  string `xml:"name,attr"`
	Class string `xml:"classname,attr"`
	// File and Line are where it is; none where it is in no file.
	File    string   `xml:"file,attr,omitempty"`
	Line    int      `xml:"line,attr,omitempty"`
	Time    Seconds  `xml:"time,attr,omitempty"`
	Failure *Trouble `xml:"failure"`
	Error   *Trouble `xml:"error"` // it could not be done
	Skipped *Trouble `xml:"skipped"`
	Output  string   `xml:"system-out,omitempty"`
}

// Trouble is why a case did not pass.
type Trouble struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// Seconds is how long a case took; 0 is not known.
type Seconds time.Duration

// MarshalText is the time in seconds, as the format has it.
func (s Seconds) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%.3f", time.Duration(s).Seconds()), nil
}

type (
	suites struct {
		XMLName xml.Name `xml:"testsuites"`
		counts
		Suites []suite `xml:"testsuite"`
	}
	suite struct {
		Name string `xml:"name,attr"`
		counts
		Cases []Case `xml:"testcase"`
	}
	counts struct {
		Tests    int     `xml:"tests,attr"`
		Failures int     `xml:"failures,attr"`
		Errors   int     `xml:"errors,attr"`
		Skipped  int     `xml:"skipped,attr"`
		Time     Seconds `xml:"time,attr,omitempty"`
	}
)

func (n *counts) add(c Case) {
	n.Tests++
	n.Time += c.Time
	switch {
	case c.Error != nil:
		n.Errors++
	case c.Failure != nil:
		n.Failures++
	case c.Skipped != nil:
		n.Skipped++
	}
}

// Write writes suites as one document.
func Write(w io.Writer, all ...Suite) error {
	var out suites
	for _, s := range all {
		one := suite{Name: s.Name, Cases: s.Cases}
		for _, c := range s.Cases {
			one.add(c)
			out.add(c)
		}
		out.Suites = append(out.Suites, one)
	}
	text, err := xml.MarshalIndent(out, "", "  ")
	if err == nil {
		_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	}
	if err != nil {
		return fmt.Errorf("writing JUnit XML: %w", err)
	}
	return nil
}
