package judge

import (
	"fmt"
	"strings"

	"istio-circuit-breaker/internal/breaker"
)

// healthy wants an answer of each healthy pod, and no ejection of any.
func (r *Record) healthy() Claim {
	c := claim(Healthy, "", "no healthy pod ejected", "errors are counted for each pod by itself")
	pods, ejected := r.others(), 0
	var silent []string
	c.Answers, c.Least = -1, 1
	for _, p := range pods {
		outs, _ := r.ejections(p)
		for _, e := range outs {
			c.saw("%s ejected at %s (%s)", p.name, clockTime(e.out.from), tellers(e))
			ejected++
		}
		if n := len(p.answers); c.Answers < 0 || n < c.Answers {
			c.Answers = n
		}
		if len(p.answers) == 0 {
			silent = append(silent, p.name)
		}
	}
	c.Answers = max(c.Answers, 0)
	c.Measured = fmt.Sprintf("%s of %s", breaker.Count(ejected, "ejection"), breaker.Count(len(pods), "pod"))
	switch {
	case ejected > 0:
		c.refute()
	case len(pods) == 0 && len(r.failing()) > 0:
		c.Measured, c.Least = "there is no healthy pod", 0
		c.prove()
	case len(pods) == 0:
		c.lack("any pod")
	case len(silent) > 0:
		c.Open = !r.neverCalled(silent)
		c.lack("an answer of %s", strings.Join(silent, ", "))
	default:
		c.prove()
	}
	return c
}
