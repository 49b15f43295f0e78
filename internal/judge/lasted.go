package judge

import (
	"fmt"
	"slices"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

const (
	// late is what Envoy's timers and ours may add on a busy machine.
	late = 800 * time.Millisecond
	// early is what Envoy's clock may round away.
	early = 20 * time.Millisecond
	// giveUp is how much longer than expected a pod has to stay out to be held
	// for one that never comes back.
	giveUp = 5 * time.Second
	// unanswered is how many answers of the others after a return, for each pod,
	// show that the returned one gets none.
	unanswered = 20
)

// comeBack wants each pod that went back after the base time, and called again.
func (r *Record) comeBack() []Claim {
	return r.eachOut(Return, "back after "+between(r.header.Rule.Out(1))+", and called again", r.why(1), func(c *Claim, p *pod, outs []ejection) {
		r.lasts(c, p, outs, 0, 1, 1)
		c.Measured = r.lengthOf(outs[0])
	})
}

// second wants a later time out longer than the first, as it is where a pod goes
// again within a sweep of its return. One that went later says nothing, where
// another shows it.
func (r *Record) second() []Claim {
	rule := r.header.Rule
	all := r.eachOut(Second, "ejected again within a sweep of its return, out for "+between(rule.Out(2)), r.why(2), func(c *Claim, p *pod, outs []ejection) {
		c.Measured = "not ejected again"
		c.Open = len(outs) == 1
		c.lack("a second ejection")
		for i := 1; i < len(outs); i++ {
			low, high := r.factor(outs, i)
			ago := outs[i].out.since(outs[i-1].back)
			c.Measured = fmt.Sprintf("%s, before %s; it had been back for %s", r.lengthOf(outs[i]), r.lengthOf(outs[i-1]), ago)
			if high < 2 {
				c.late(rule, ago)
				continue
			}
			r.lasts(c, p, outs, i, low, high)
			switch overlap := rule.Out(1).Most + late; {
			case c.Statement != timeline.Proven:
			case rule.Out(2).Least <= overlap:
				c.lack("a time that tells the second from the first: it takes a baseEjectionTime above the interval, by %s at least", seconds(late))
			case outs[i].lasted().least > overlap:
			case low < 2:
				c.late(rule, ago)
				continue
			default:
				c.lack("a time out that can be told from the first")
			}
			return
		}
	})
	if shown := slices.DeleteFunc(slices.Clone(all), func(c Claim) bool { return c.tooLate || c.Open }); len(shown) > 0 {
		return slices.DeleteFunc(all, func(c Claim) bool { return c.tooLate })
	}
	return all
}

// late is what is lacked where a pod went again after so long that Envoy may have
// forgotten the ejection before.
func (c *Claim) late(rule breaker.Rule, ago lengths) {
	c.lack("a second ejection within %s of the return: %s after it Envoy may have forgotten the first", breaker.Short(rule.Sweep()), ago)
	c.tooLate = true
}

// backoff wants a time out after a rest as long as the first again.
func (r *Record) backoff() []Claim {
	rule := r.header.Rule
	return r.eachOut(Backoff, "after a rest out for "+between(rule.Out(1))+" again", r.why(1), func(c *Claim, p *pod, outs []ejection) {
		c.Measured = "not ejected after a rest"
		c.Open = true
		c.lack("an ejection after a rest of %s", breaker.Short(2*rule.Sweep()))
		for i := 2; i < len(outs); i++ {
			low, high := r.factor(outs, i)
			if _, before := r.factor(outs, i-1); before < 2 || high > 1 && low > 1 {
				continue
			}
			c.Measured = fmt.Sprintf("%s, before %s; it had been back for %s", r.lengthOf(outs[i]), r.lengthOf(outs[i-1]), outs[i].out.since(outs[i-1].back))
			c.Open = false
			if high > 1 {
				c.lack("a longer rest before the ejection")
				continue
			}
			r.lasts(c, p, outs, i, low, high)
			return
		}
	})
}

// eachOut makes a claim for each pod that was ejected.
func (r *Record) eachOut(name, expected, why string, state func(*Claim, *pod, []ejection)) []Claim {
	var all []Claim
	for _, pod := range r.names {
		p := r.pods[pod]
		outs, _ := r.ejections(p)
		if len(outs) == 0 {
			continue
		}
		c := claim(name, p.name, expected, why)
		c.Tolerance, c.Least = "up to "+seconds(late)+" more", 1
		state(&c, p, outs)
		all = append(all, c)
	}
	if len(all) == 0 {
		c := claim(name, "", expected, why)
		c.Measured, c.Open, c.Least = "no pod was ejected", r.Open(Trip), 1
		c.lack("an ejection")
		return []Claim{c}
	}
	return all
}

// lasts compares the i-th time out with that of a factor, and wants the pod
// called again after it.
func (r *Record) lasts(c *Claim, p *pod, outs []ejection, i, low, high int) {
	rule, e := r.header.Rule, outs[i]
	least, most := rule.Out(low).Least-early, rule.Out(high).Most+late
	if !e.returned {
		if out := r.clock.span(r.now, r.now).since(e.out); out.least > most+giveUp && r.seesOut(p) && !p.gone && r.unseen() == 0 {
			c.saw("looks: still failed_outlier_check %s after the ejection", seconds(out.least))
			c.refute()
			return
		}
		c.Open = !p.gone
		c.lack("the return of the pod")
		return
	}
	took := e.lasted()
	c.saw("out at %s (%s), back at %s (%s)", clockTime(e.out.from), tellers(e), clockTime(e.back.from), backTellers(e))
	after, others := 0, 0
	again := i+1 < len(outs) // which takes a request to it
	for _, o := range r.pods {
		for _, x := range o.answers {
			if x.sent.Before(e.back.from) || again && x.sent.After(outs[i+1].out.to.Add(breaker.UpdateWindow)) {
				continue
			}
			switch {
			case o == p:
				after++
			case x.sent.After(e.back.to.Add(breaker.UpdateWindow + r.lateness(e))): // by then the workers know
				others++
			}
		}
	}
	c.Answers = after
	_, findings := r.ejections(p)
	switch {
	case len(findings) > 0:
		c.lack("sources that agree: %s", findings[0])
	case !r.backSettled(e):
		c.Open = true
		c.lack("the outlier log's line of the return")
	case took.least > most && r.unseen() > 0:
		c.lack("every ejection: the counters tell of %d more than were seen, so that these may be two", r.unseen())
	case took.most < least || took.least > most:
		c.refute()
	case took.least < least || took.most > most:
		c.lack("a more exact time: it is known as %s only", took)
	case after == 0 && !again && others >= unanswered*max(len(r.pods), 1):
		c.saw("%s of other pods since the return, none of this one", breaker.Count(others, "answer"))
		c.refute()
	case after == 0:
		c.Open = !p.gone && !again
		c.lack("an answer of the pod after its return")
	default:
		c.prove()
	}
}

// seesOut is whether the last look shows a pod out.
func (r *Record) seesOut(p *pod) bool {
	if len(r.looks) == 0 {
		return false
	}
	seen, known := r.looks[len(r.looks)-1].pods[p.name]
	return known && out(seen)
}

// factor is the i-th ejection's by the model, from the times between. The first
// sweep after a return may come a moment before the pod has been back for a
// whole interval, and then it does not count.
func (r *Record) factor(outs []ejection, i int) (low, high int) {
	rule := r.header.Rule
	low, high = 1, 1
	for k := 1; k <= i; k++ {
		back, near := outs[k].out.since(outs[k-1].back), rule.Sweep()/10
		low = rule.Factor(low, back.most+near)
		high = rule.Factor(high, max(back.least-near-rule.Sweep(), 0))
	}
	return low, high
}

func (r *Record) lengthOf(e ejection) string {
	if !e.returned {
		return "not back"
	}
	return "back after " + e.lasted().String()
}

// why tells where the expected time comes from.
func (r *Record) why(factor int) string {
	rule := r.header.Rule
	return fmt.Sprintf("%d x base %s, and up to one sweep of %s, which is when Envoy looks for pods to return; timers of a busy machine may be late",
		factor, breaker.Short(rule.Base()), breaker.Short(rule.Sweep()))
}

func backTellers(e ejection) string {
	return tellers(ejection{byLog: e.backByLog, byLooks: e.backByLooks})
}

func between(s breaker.Span) string { return seconds(s.Least) + " to " + seconds(s.Most) }
