// Package diagnose names why a breaker was not proven: symptoms in, causes with
// their fixes and sources out. A cause is data with a stable code. Where nothing
// fits, it says what was seen and that it does not know: it never guesses.
package diagnose

import (
	"fmt"
	"slices"
	"strings"
)

// Cause is why a claim is not proven, and what to do about it.
type Cause struct {
	Code   string `json:"code"` // stable; docs/causes.md has a section for each
	Text   string `json:"text"`
	Fix    string `json:"fix,omitempty"`
	Source string `json:"source,omitempty"` // where the fact behind it comes from
}

// String is the cause with its fix, for people.
func (c Cause) String() string {
	if c.Fix == "" {
		return c.Text
	}
	return c.Text + "; " + c.Fix
}

// rule is a cause and how it is told.
type rule struct {
	code string
	// when is the cause's text, and false where it does not fit what was seen.
	when func(s Seen) (text string, fits bool)
	// fix is what to do; it may depend on what was seen.
	fix    func(s Seen) string
	source string
	// alone is true for a cause behind which the others mean nothing.
	alone bool
}

func always(text string) func(Seen) string { return func(Seen) string { return text } }

// rules of all families, the surest first.
func rules() []rule {
	return slices.Concat(absences(), settings(), hidings(), accesses(), disturbances(), sidecars(), routings(), pods(), evidences(), unreadable())
}

// Codes of all causes, in the order in which they are looked for.
func Codes() []string {
	var all []string
	for _, r := range rules() {
		if !slices.Contains(all, r.code) {
			all = append(all, r.code)
		}
	}
	return append(all, Unknown)
}

// Unknown is the cause of what nothing fits.
const Unknown = "unknown"

// Causes are those that fit what was seen, the surest first. There is none where
// nothing failed.
func Causes(s Seen) []Cause {
	if len(s.Failed) == 0 {
		return nil
	}
	var all []Cause
	for _, r := range rules() {
		text, fits := r.when(s)
		if !fits || slices.ContainsFunc(all, func(c Cause) bool { return c.Code == r.code }) {
			continue
		}
		c := Cause{Code: r.code, Text: text, Source: r.source}
		if r.fix != nil {
			c.Fix = r.fix(s)
		}
		if r.alone {
			return append(all, c)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		all = append(all, Cause{Code: Unknown, Text: "the cause is not known. Seen was: " + s.what()})
	}
	return all
}

// what is what failed, for when nothing fits.
func (s Seen) what() string {
	var all []string
	for _, f := range s.Failed {
		name := f.Name
		if f.Pod != "" {
			name += " of " + f.Pod
		}
		all = append(all, fmt.Sprintf("%s, expected %q, measured %q", name, f.Expected, f.Measured))
	}
	return strings.Join(all, "; ")
}
