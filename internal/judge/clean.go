package judge

import (
	"fmt"
	"time"

	"istio-circuit-breaker/internal/breaker"
)

const (
	// cleanAnswers is how many answers of other pods show, in each time out, that
	// none comes from the pod that is out.
	cleanAnswers = 20
	// handOver is how long the sidecar's workers may take to hear of a decision.
	handOver = 100 * time.Millisecond
)

// clean wants no answer of a pod that was asked for while it was out, in any time
// out, and enough of the others to show it.
func (r *Record) clean() Claim {
	c := claim(Clean, "", "no request to a pod while it is out, and no error of the sidecar's own while another is in",
		"the sidecar sends nothing to an ejected pod; its workers hear of changes that follow one another once in "+breaker.UpdateWindow.String())
	c.Tolerance = fmt.Sprintf("%s after each ejection; up to %s after one that follows another change", handOver, breaker.UpdateWindow+handOver)
	c.Least = cleanAnswers
	wrong, held, times, few, open := 0, 0, 0, "", false
	c.Answers = -1
	for _, name := range r.names {
		p := r.pods[name]
		outs, _ := r.ejections(p)
		for i, e := range outs {
			w := r.window(e)
			if r.silent(w) || !w.to.After(w.from) && e.returned {
				c.saw("%s, time out %d from %s: nobody called", name, i+1, clockTime(e.out.from))
				continue
			}
			good, bad, late := r.during(p, e, w)
			times++
			wrong, held = wrong+bad, held+late
			c.saw("%s, time out %d from %s: %s of others, %d wrong", name, i+1, clockTime(e.out.from), breaker.Count(good, "answer"), bad)
			if c.Answers < 0 || good < c.Answers {
				c.Answers = good
			}
			if good < cleanAnswers {
				few = fmt.Sprintf("%d answers of others in time out %d of %s, at least %d are needed; send more requests a second (--rate)", good, i+1, name, cleanAnswers)
				open = open || !e.returned
			}
		}
	}
	c.Answers = max(c.Answers, 0)
	c.Measured = breaker.Count(wrong, "wrong answer")
	if held > 0 {
		c.Measured += fmt.Sprintf(", and %d within %s of an ejection that followed another change", held, breaker.UpdateWindow)
	}
	switch {
	case wrong > 0:
		c.refute()
	case times == 0:
		c.Open = true
		c.lack("a time out while requests are sent")
	case few != "":
		c.Open = open
		c.lack("%s", few)
	default:
		c.prove()
	}
	return c
}

// window is the time in which no request of the load may reach an ejected pod.
func (r *Record) window(e ejection) span {
	w := span{from: e.out.to.Add(handOver), to: r.newest}
	if e.returned {
		w.to = e.back.from.Add(-handOver)
	}
	return w
}

// during counts the answers of a time out: those of others, which show it; what
// should not have been; and errors of the pod while its ejection may have been
// held back from the workers.
func (r *Record) during(p *pod, e ejection, w span) (good, wrong, held int) {
	hold := w.from
	if r.followed(e) {
		hold = e.out.to.Add(breaker.UpdateWindow + handOver)
	}
	for _, x := range p.answers {
		switch {
		case x.sent.Before(w.from) || x.sent.After(w.to):
		case x.sent.Before(hold):
			held++
		default:
			wrong++
		}
	}
	for _, o := range r.pods {
		if o == p {
			continue
		}
		for _, x := range o.answers {
			if !x.sent.Before(w.from) && !x.sent.After(w.to) {
				good++
			}
		}
	}
	for _, x := range append(r.own[:len(r.own):len(r.own)], r.none...) {
		if x.sent.Before(hold) || x.sent.After(w.to) {
			continue
		}
		switch all := r.allOut(x.sent); {
		case all && noHost(x) && r.header.Rule.MinHealthPercent == 0:
			good++ // with every pod out, that is what the rule makes of it
		case all || x.code > 0 && x.code < 500:
		default:
			wrong++
		}
	}
	return good, wrong, held
}

// followed is true where another change came so shortly before an ejection that
// Envoy may hold it back from its workers.
func (r *Record) followed(e ejection) bool {
	for _, p := range r.pods {
		outs, _ := r.ejections(p)
		for _, o := range outs {
			for _, at := range []span{o.out, o.back} {
				if at.from.IsZero() || at == e.out {
					continue
				}
				if ago := e.out.since(at); ago.most > 0 && ago.least < breaker.UpdateWindow+handOver {
					return true
				}
			}
		}
	}
	return false
}

// allOut is true where every pod may have been out at a time.
func (r *Record) allOut(at time.Time) bool {
	pods := 0
	for _, p := range r.pods {
		if p.version == "" || p.gone && len(p.answers) == 0 {
			continue
		}
		pods++
		outs, _ := r.ejections(p)
		was := false
		for _, e := range outs {
			was = was || !at.Before(e.out.from.Add(-handOver)) && (!e.returned || !at.After(e.back.to.Add(breaker.UpdateWindow+handOver)))
		}
		if !was {
			return false
		}
	}
	return pods > 0
}
