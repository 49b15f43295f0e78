package lint

import (
	"fmt"
	"strings"

	"istio-circuit-breaker/internal/breaker"
)

// Severity is how much a finding matters.
type Severity string

// Severities. An error is a rule that does not do what it says, or that Istio
// refuses; a warning may be meant; an info is what surprises.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// Position is a place in a text, from 1; an object of a cluster has none.
type Position struct {
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
}

// Finding is one thing that was found in an object.
type Finding struct {
	Code     string   `json:"code"` // stable; docs/lint has a page for each
	Severity Severity `json:"severity"`
	Object   string   `json:"object"` // DestinationRule shop/reviews
	Field    string   `json:"field"`  // spec.trafficPolicy.outlierDetection.interval
	File     string   `json:"file,omitempty"`
	Position
	Text   string `json:"text"`   // what happens
	Source string `json:"source"` // where the fact comes from
	Fix    string `json:"fix"`
	// Never is true where no pod is ever ejected because of it.
	Never bool `json:"never,omitempty"`
	// Callers are what those have that the rule is not in force for.
	Callers []Callers `json:"callers,omitempty"`

	of   *object
	edit *edit // nil where the fix is not certain
}

// lines are what happens, and what callers have instead, a line each.
func (f Finding) lines() []string {
	all := []string{f.Text}
	for _, c := range f.Callers {
		all = append(all, c.words())
	}
	for i, line := range all {
		all[i] = Printable(line)
	}
	return all
}

// place is where a finding is: in a file, or else in an object of a cluster.
func (f Finding) place() string { return placeOf(f.File, f.Line, f.Object) }

// place is where a rule is.
func (m Meaning) place() string { return placeOf(m.File, m.Line, m.Object) }

func placeOf(file string, line int, object string) string {
	if file != "" {
		return fmt.Sprintf("%s:%d", file, line)
	}
	_, name, _ := strings.Cut(object, " ") // without its kind
	return name
}

// Meaning is what one outlierDetection block does.
type Meaning struct {
	Object string `json:"object"`
	Field  string `json:"field"`
	For    string `json:"for"` // port 80, subset v2; empty: all that no other block is for
	File   string `json:"file,omitempty"`
	Position
	Words string `json:"words"`
	// Errors is how many gateway errors in a row eject, and Detector which of
	// Envoy's detectors books it; 0 and "": none does.
	Errors   uint32           `json:"errors"`
	Detector breaker.Detector `json:"detector"`
	// Pods is how many there are, as far as it is known; 0: it is not.
	Pods int `json:"pods,omitempty"`
	// Rule is what the model knows of the block; Refused, that Istio takes no rule
	// with such values, and Rule lacks them.
	Rule    breaker.Rule `json:"-"`
	Refused bool         `json:"-"`
}

// Ignored is a finding that the object's annotation takes back.
type Ignored struct {
	Finding
	Reason string `json:"reason"`
}

// Report is what was found.
type Report struct {
	Files int `json:"files"`
	// Where is the part of a cluster that was read; empty for files.
	Where string `json:"where,omitempty"`
	// Unread is what of it could not be read, in the API server's words.
	Unread   []string  `json:"unread,omitempty"`
	Rules    []Meaning `json:"rules"`
	Findings []Finding `json:"findings"`
	Ignored  []Ignored `json:"ignored"`
}

// Count is the number of findings of a severity.
func (r Report) Count(s Severity) (n int) {
	for _, f := range r.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// Least is the report without the findings below a severity.
func (r Report) Least(s Severity) Report {
	findings := r.Findings
	r.Findings = nil
	for _, f := range findings {
		if f.Severity.rank() >= s.rank() {
			r.Findings = append(r.Findings, f)
		}
	}
	return r
}

func (s Severity) rank() int { return strings.Index("info warning error", string(s)) }
