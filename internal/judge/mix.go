package judge

import (
	"fmt"
	"strings"
	"time"

	"istio-circuit-breaker/internal/breaker"
)

const (
	// enough is how many errors in a row show that nothing is ejected.
	enough = 20
	// never is how many answers of the others, for each pod, show that a pod is
	// not called at all.
	never = 20
	// masked is how many answers of a pod have to stay away from the caller for it
	// to be held for one whose answers somebody keeps back.
	masked = 5
	// ownLimit is how long the sidecar may answer everything by itself.
	ownLimit = 5 * time.Second
)

// mix wants an answer of every pod: errors of the failing ones, none of the rest.
func (r *Record) mix() Claim {
	failing, others := r.failing(), r.others()
	c := claim(Mix, "", fmt.Sprintf("good answers from %s, %ss from %s", breaker.Count(len(others), "healthy pod"), r.error(), breaker.Count(len(failing), "faulty pod")),
		"the balancer takes every pod, and knows nothing of errors yet")
	good, bad := 0, 0
	var silent, wrong []string
	for _, p := range others {
		n := 0
		for _, x := range p.answers {
			if x.code >= 200 && x.code < 400 {
				n++
			} else {
				wrong = append(wrong, fmt.Sprintf("%s answered %d", p.name, x.code))
				break
			}
		}
		if good += n; n == 0 && len(p.answers) == 0 {
			silent = append(silent, p.name)
		}
	}
	for _, p := range failing {
		for _, x := range p.answers {
			if !r.fails(x.code) {
				wrong = append(wrong, fmt.Sprintf("%s answered %d", p.name, x.code))
				break
			}
			bad++
		}
		if len(p.answers) == 0 {
			silent = append(silent, p.name)
		}
	}
	c.Answers, c.Least = good+bad, len(failing)+len(others)
	c.Measured = fmt.Sprintf("%s, %s", breaker.Count(good, "good answer"), breaker.Count(bad, r.error()))
	if len(r.own) > 0 {
		c.Measured += fmt.Sprintf(", %s of the sidecar's own", breaker.Count(len(r.own), "answer"))
	}
	if len(r.none) > 0 {
		c.Measured += fmt.Sprintf(", %s without an answer", breaker.Count(len(r.none), "request"))
	}
	switch {
	case len(failing)+len(others) == 0:
		c.Open = len(r.looks) == 0
		c.lack("any pod behind the service")
	case len(wrong) > 0: // which says something of the pods, and nothing of the breaker
		c.Measured += ": " + strings.Join(wrong, ", ")
		c.lack("pods that answer as they are made to")
	case len(failing) == 0:
		c.lack("a faulty pod: no pod has the label version=%s", faulty)
	case len(silent) > 0:
		c.Open = !r.neverCalled(silent)
		c.lack("an answer of %s", strings.Join(silent, ", "))
	default:
		c.prove()
	}
	return c
}

// neverCalled is true where pods are left out: the others gave many answers, and
// the sidecar has sent these nothing; or the sidecar answers all by itself.
func (r *Record) neverCalled(silent []string) bool {
	answered, pods := 0, 0
	for _, p := range r.pods {
		if answered += len(p.answers); len(p.answers) > 0 {
			pods++
		}
	}
	if answered == 0 {
		return len(r.own)+len(r.none) >= never && !r.newest.IsZero() && r.newest.Sub(r.first()) >= ownLimit
	}
	if len(r.looks) == 0 || answered < never*max(pods, 1) || r.newest.Sub(r.first()) < ownLimit {
		return false
	}
	last := r.looks[len(r.looks)-1]
	for _, name := range silent {
		// One that was called, and whose answers never reach the caller, is left
		// out as well; one that is slow still has requests under way.
		if p, known := last.pods[name]; known && p.Requests > 0 && p.Requests < p.Active+masked {
			return false
		}
	}
	return true
}

// first is when the first request that was answered or given up was sent.
func (r *Record) first() time.Time {
	var at time.Time
	take := func(all []answer) {
		for _, x := range all {
			if at.IsZero() || x.sent.Before(at) {
				at = x.sent
			}
		}
	}
	for _, p := range r.pods {
		take(p.answers)
	}
	take(r.own)
	take(r.none)
	return at
}
