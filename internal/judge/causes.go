package judge

import "istio-circuit-breaker/internal/timeline"

// Cause is why a claim is not proven, and what to do about it.
type Cause struct {
	Code   string `json:"code"`
	Text   string `json:"text"`
	Fix    string `json:"fix,omitempty"`
	Source string `json:"source,omitempty"`
}

func (c Cause) String() string {
	if c.Fix == "" {
		return c.Text
	}
	return c.Text + "; " + c.Fix
}

// causes of the claims that are not proven.
func (r *Record) causes([]timeline.Phase) []Cause { return nil }
