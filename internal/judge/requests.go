package judge

import (
	"fmt"
	"slices"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// lookAbout is how long after a change of the load a look shows what was under way.
const lookAbout = 2 * time.Second

// unlike are the pods of which the sidecar has counted other requests or errors
// than the caller had answers.
func (r *Record) unlike(c *Claim) []string {
	var all []string
	for _, name := range r.names {
		p := r.pods[name]
		seen, answered, failed := r.booked(p)
		requests, errors := int(seen.Requests), int(seen.Errors)
		if requests == 0 && answered.most == 0 {
			continue
		}
		c.saw("%s: rq_total %d, %d answers; rq_error %d, %d errors", name, requests, answered.most, errors, failed.most)
		if !r.fits(p, requests, answered) {
			all = append(all, fmt.Sprintf("rq_total of %s is %d, the caller had %s", name, requests, breaker.Count(answered.most, "answer")))
		}
		if errors < failed.least || errors > failed.most {
			// One that the client gives up is no error of the pod's.
			all = append(all, fmt.Sprintf("rq_error of %s is %d, the caller had %s", name, errors, breaker.Count(failed.most, "error")))
		}
	}
	return all
}

func (r *Record) answered() int {
	n := 0
	for _, p := range r.pods {
		n += len(p.answers)
	}
	return n
}

// logged is whether the outlier log was heard at all.
func (r *Record) logged() bool {
	for _, p := range r.pods {
		if len(p.lines) > 0 {
			return true
		}
	}
	return false
}

// complete tells whether the caller had all that the sidecar booked of a pod, as
// far as the last look shows.
func (r *Record) complete(p *pod) bool {
	seen, answered, _ := r.booked(p)
	return seen.Requests == 0 || r.fits(p, int(seen.Requests), answered)
}

// surplus is how many requests the sidecar has sent a pod that the caller had no
// answer of; some are given up when the load changes, others may be somebody else's.
func (r *Record) surplus(p *pod) int {
	seen, answered, _ := r.booked(p)
	return int(seen.Requests) - answered.most
}

// booked is a pod at the last look that saw it, with its rq_total and rq_error, and how
// many answers the caller had of it by then, and errors among them.
func (r *Record) booked(p *pod) (seen timeline.Pod, answered, failed number) {
	for _, l := range slices.Backward(r.looks) {
		seen, known := l.pods[p.name]
		if !known || seen.State == timeline.Unknown || l.asked.IsZero() {
			continue
		}
		when := r.at(l)
		for _, x := range p.answers {
			over, begun := x.end.Before(when.from), !x.sent.After(when.to)
			answered.add(over, begun)
			if x.code >= 500 {
				failed.add(over, begun)
			}
		}
		return seen, answered, failed
	}
	return timeline.Pod{}, answered, failed
}

// add counts one more that is there for sure, or may be.
func (n *number) add(surely, perhaps bool) {
	if surely {
		n.least++
	}
	if perhaps {
		n.most++
	}
}

// fits is whether the caller may have had all requests that the sidecar has booked of
// a pod: some are given up when the load changes.
func (r *Record) fits(p *pod, requests int, answered number) bool {
	return answered.least <= requests && (requests <= answered.most || requests <= answered.most+r.givenUp(p))
}

// givenUp is how many requests to a pod may have been given up when the load changed,
// or are under way still. The client waits for its last answers before it gives any
// up, so that one that is shows in a look at about that time; without a look they may
// be as many as there were workers.
func (r *Record) givenUp(p *pod) int {
	n, workers := 0, 0
	for _, s := range r.steps {
		if s.Load != nil {
			n += r.underWay(p, s.at, workers)
			workers = s.Load.Concurrency
		}
	}
	return n + workers
}

// underWay is the most requests to a pod that the looks about a change of the load
// show, of so many workers.
func (r *Record) underWay(p *pod, at time.Time, workers int) int {
	most, looked := 0, false
	for _, l := range r.looks {
		if seen, known := l.pods[p.name]; known && seen.State != timeline.Unknown && l.answered.After(at) && l.asked.Before(at.Add(lookAbout)) {
			most, looked = max(most, int(min(seen.Active, 1<<20))), true
		}
	}
	if !looked {
		return workers
	}
	return min(most, workers)
}

// driven is whether any request was sent.
func (r *Record) driven() bool {
	return slices.ContainsFunc(r.steps, func(s step) bool { return s.Load != nil && s.Load.Concurrency > 0 })
}

// elsewhere is true where a pod answers, and the cluster that is looked at has
// sent it nothing: its answers go another way, such as to a subset.
func (r *Record) elsewhere(p *pod) bool {
	seen, answered, _ := r.booked(p)
	return seen.Requests == 0 && answered.least > 0
}
