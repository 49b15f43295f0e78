package judge

import (
	"fmt"

	"istio-circuit-breaker/internal/timeline"
)

// Claim is what is stated of one claim so far.
type Claim struct {
	timeline.Phase
	// Open is true where more of the same traffic may still decide it.
	Open bool
	// Narrow is true where the evidence is there but too wide, and a slower,
	// simpler load would narrow it.
	Narrow bool

	tooLate bool // what it is about came too late to show anything
}

// Claims are those of one phase, as the record has it now. There is always one.
func (r *Record) Claims(phase string) []Claim {
	switch phase {
	case Preflight:
		return []Claim{r.preflight()}
	case Mix:
		return []Claim{r.mix()}
	case Off:
		return r.off()
	case Never:
		return r.never()
	case Trip:
		return r.trip()
	case Clean:
		return []Claim{r.clean()}
	case Return:
		return r.comeBack()
	case Second:
		return r.second()
	case Backoff:
		return r.backoff()
	case Counters:
		return []Claim{r.counters()}
	case Healthy:
		return []Claim{r.healthy()}
	default:
		c := claim(phase, "", "a phase that this program knows", "")
		c.lack("it is not one of those that this program knows")
		return []Claim{c}
	}
}

// Open reports whether any claim of a phase may still be decided by more traffic.
func (r *Record) Open(phase string) bool {
	for _, c := range r.Claims(phase) {
		if c.Open {
			return true
		}
	}
	return false
}

// claim begins one that nothing is known of.
func claim(name, pod, expected, why string) Claim {
	return Claim{Phase: timeline.Phase{Name: name, Pod: pod, Statement: timeline.NotProven, Expected: expected, Why: why}}
}

func (c *Claim) prove()  { c.Statement, c.Missing, c.Open = timeline.Proven, "", false }
func (c *Claim) refute() { c.Statement, c.Missing, c.Open = timeline.Refuted, "", false }

// lack says what keeps the claim from being proven.
func (c *Claim) lack(format string, args ...any) {
	c.Statement, c.Missing = timeline.NotProven, fmt.Sprintf(format, args...)
}

// saw adds a piece of evidence.
func (c *Claim) saw(format string, args ...any) {
	c.Evidence = append(c.Evidence, fmt.Sprintf(format, args...))
}
