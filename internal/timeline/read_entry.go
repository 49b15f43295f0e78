package timeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// parse reads one line. Fields that it does not know are passed over: a
// version may gain some.
func parse(line []byte) (Entry, error) {
	var e Entry
	if err := decode(line, &e); err != nil {
		return e, err
	}
	if e.Phase != nil && e.Phase.Statement == "" || e.Verdict != nil && e.Verdict.Verdict == "" {
		return e, e.old(line)
	}
	return e, nil
}

func decode(line []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	err := decoder.Decode(into)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if wrong.Field == "" {
			return fmt.Errorf("not a JSON object: %s", wrong.Value)
		}
		return fmt.Errorf("%s: not to be read from a JSON %s", wrong.Field, wrong.Value)
	}
	if err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON object")
	}
	return nil
}

// old fills in what version 1 said in other words. A phase may stand before the
// header, so that only its own members tell which version it is of.
func (e *Entry) old(line []byte) error {
	var known struct {
		Phase struct {
			Passed *bool `json:"passed"`
		} `json:"phase"`
		Verdict struct {
			Agrees *bool `json:"agrees"`
		} `json:"verdict"`
	}
	if err := decode(line, &known); err != nil {
		return err
	}
	if passed := known.Phase.Passed; e.Phase != nil && passed != nil {
		if e.Phase.Statement = Refuted; *passed {
			e.Phase.Statement = Proven
		}
	}
	if agrees := known.Verdict.Agrees; e.Verdict != nil && agrees != nil {
		if e.Verdict.Verdict = Differs; *agrees {
			e.Verdict.Verdict = Agrees
		}
	}
	return nil
}

// Kind is the name of the member that an entry has, such as "answer"; empty
// where it has none.
func (e Entry) Kind() string {
	for _, k := range e.kinds() {
		if k.is {
			return k.name
		}
	}
	return ""
}

// kinds are the members of which an entry has one, in the order of the type.
// What a proof does before it begins to watch stands above the header.
func (e Entry) kinds() []kind {
	return []kind{
		{"header", e.Header != nil, true},
		{"answer", e.Answer != nil, false},
		{"snapshot", e.Snapshot != nil, false},
		{"outlier", e.Outlier != nil, false},
		{"event", e.Event != nil, false},
		{"clock", e.Clock != nil, true},
		{"step", e.Step != nil, true},
		{"sidecar", e.Sidecar != nil, false},
		{"symptom", e.Symptom != nil, true},
		{"phase", e.Phase != nil, true},
		{"verdict", e.Verdict != nil, true},
	}
}

type kind struct {
	name  string
	is    bool
	first bool // may stand before any header
}

// check holds an entry against what the format promises of each.
func (e Entry) check(headed bool) error {
	var is []kind
	var names []string
	for _, k := range e.kinds() {
		names = append(names, k.name)
		if k.is {
			is = append(is, k)
		}
	}
	switch {
	case len(is) == 0:
		last := len(names) - 1
		return fmt.Errorf("none of %s and %s", strings.Join(names[:last], ", "), names[last])
	case len(is) > 1:
		return fmt.Errorf("both %s and %s", is[0].name, is[1].name)
	case e.Time.IsZero():
		return fmt.Errorf("%s without a time", is[0].name)
	case e.Header != nil && e.Header.Version < 1:
		return errors.New("header without a version")
	case !headed && !is[0].first:
		return fmt.Errorf("%s before any header", is[0].name)
	case e.Phase != nil && !e.Phase.Statement.known():
		return fmt.Errorf("phase %q: statement %q, not one of proven, refuted, not proven", e.Phase.Name, e.Phase.Statement)
	case e.Verdict != nil && e.Verdict.Verdict != Agrees && e.Verdict.Verdict != Differs && e.Verdict.Verdict != Undetermined:
		return fmt.Errorf("verdict %q, not one of agrees, refuted, not proven", e.Verdict.Verdict)
	}
	return nil
}

func (s Statement) known() bool { return s == Proven || s == Refuted || s == NotProven }
