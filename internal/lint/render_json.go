package lint

import (
	"encoding/json"
	"fmt"
	"io"
)

// JSON writes the report as one object.
func (r Report) JSON(w io.Writer) error {
	// Machines find lists where there is nothing, not null.
	if r.Rules == nil {
		r.Rules = []Meaning{}
	}
	if r.Findings == nil {
		r.Findings = []Finding{}
	}
	if r.Ignored == nil {
		r.Ignored = []Ignored{}
	}
	return writeJSON(w, r)
}

func writeJSON(w io.Writer, v any) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	if err := out.Encode(v); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}
