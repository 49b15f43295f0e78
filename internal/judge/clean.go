package judge

import (
	"fmt"
	"strings"
	"time"

	"istio-circuit-breaker/internal/breaker"
)

const (
	// cleanAnswers is how many answers of other pods show, in each time out, that
	// none comes from the pod that is out.
	cleanAnswers = 20
	// handOver is how long the sidecar's workers may take to hear of a decision, on
	// a machine that has time for them.
	handOver = 100 * time.Millisecond
)

// clean wants no answer of a pod that was asked for while it was out, in any time
// out, and enough of the others to show it.
func (r *Record) clean() Claim {
	c := claim(Clean, "", "no request to a pod while it is out, and no error of the sidecar's own while another is in",
		"the sidecar sends nothing to an ejected pod; its workers hear of changes that follow one another once in "+breaker.UpdateWindow.String())
	c.Tolerance = fmt.Sprintf("%s after each ejection; up to %s after one that follows another change", handOver, breaker.UpdateWindow+handOver)
	c.Least = cleanAnswers
	wrong, held, doubt, times, few, open := 0, 0, 0, 0, "", false
	var last time.Time // of what is wrong
	var disputed []string
	c.Answers = -1
	for _, name := range r.names {
		p := r.pods[name]
		outs, findings := r.ejections(p)
		for i, e := range outs {
			w := r.window(p, e)
			if !r.loaded(w) {
				c.saw("%s, time out %d from %s: nobody called", name, i+1, clockTime(e.out.from))
				continue
			}
			d := r.during(p, e, w)
			disputed = append(disputed, findings...)
			times++
			wrong, held, doubt = wrong+d.wrong, held+d.held, doubt+d.doubt
			if d.last.After(last) {
				last = d.last
			}
			slow := ""
			if w.heard > handOver {
				slow = "; on a busy machine, whose workers may have heard of it " + w.heard.Round(time.Millisecond).String() + " late"
			}
			c.saw("%s, time out %d from %s: %s of others, %d wrong%s", name, i+1, clockTime(e.out.from), breaker.Count(d.good, "answer"), d.wrong, slow)
			if c.Answers < 0 || d.good < c.Answers {
				c.Answers = d.good
			}
			if d.good < cleanAnswers {
				few = fmt.Sprintf("%d answers of others in time out %d of %s, at least %d are needed; send more requests a second (--rate)", d.good, i+1, name, cleanAnswers)
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
	case wrong > 0 && !r.lookedSince(last):
		// The pod may have been back, which the next look's counters tell.
		c.Open = true
		c.lack("a look at the sidecar after what seems wrong")
	case len(disputed) > 0:
		c.lack("sources that agree: %s", disputed[0])
	case wrong > 0 && r.unseen() > 0:
		c.lack("every ejection: the counters tell of %d more than were seen, so that a pod may have been back when it answered", r.unseen())
	case wrong > 0:
		c.refute()
	case doubt > 0:
		c.Measured += fmt.Sprintf(", and %s that may be another's doing", breaker.Count(doubt, "answer"))
		c.lack("answers that are the breaker's doing alone: %d had none, or were refused by a pod that is in, or came within %s of the return", doubt, late)
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

// lookedSince is whether the sidecar was looked at, for sure, after a time.
func (r *Record) lookedSince(at time.Time) bool {
	return len(r.looks) > 0 && r.at(r.looks[len(r.looks)-1]).from.After(at)
}

// window is the time out in which no request of the load may reach the pod: hold
// is from when that is sure, as the workers may hear of a change late: of this one
// by heard; and sure is until when, as the sources of the return may be off.
type window struct {
	from, hold, sure, to time.Time
	heard                time.Duration
}

func (r *Record) window(p *pod, e ejection) window {
	heard := r.lateness(e)
	w := window{from: e.out.to.Add(heard), to: r.clock.span(r.now, r.now).to, heard: heard}
	if w.sure = w.to; e.returned {
		w.to, w.sure = e.back.from.Add(-handOver), e.back.from.Add(-late)
	}
	if w.hold = w.from; r.followed(p, e) {
		w.hold = e.out.to.Add(breaker.UpdateWindow + heard)
	}
	return w
}

// lateness is how long the workers may take to hear of an ejection, by what the
// recording shows of the machine meanwhile. It has a limit: a pod that is called
// for longer is not out.
func (r *Record) lateness(e ejection) time.Duration {
	meanwhile := span{e.out.from, e.out.to.Add(breaker.UpdateWindow + handOver)}
	return min(max(handOver, r.lag(e.out), r.slowest(meanwhile)), late)
}

// loaded is true where requests were sent in the part of a time out that shows
// something.
func (r *Record) loaded(w window) bool {
	on := time.Time{}
	for _, s := range r.steps {
		if s.Load == nil {
			continue
		}
		at := r.clock.middle(s.at)
		if !on.IsZero() && on.Before(w.to) && at.After(w.hold) {
			return true
		}
		if on = at; s.Load.Concurrency == 0 {
			on = time.Time{}
		}
	}
	return !on.IsZero() && on.Before(w.to) && (w.to.After(w.hold) || len(r.looks) > 0 && r.clock.middle(r.now).Before(w.hold))
}

// shown is what was answered in a time out.
type shown struct {
	good  int       // answers of others, which would have shown a mistake
	wrong int       // what should not have been
	held  int       // answers of the pod while its ejection may have been held back
	last  time.Time // sending of the last that was wrong
	doubt int       // wrong, but by somebody else's doing or so near the return that it may be over
}

func (s *shown) mistake(x answer) {
	if s.wrong++; x.sent.After(s.last) {
		s.last = x.sent
	}
}

// during counts the answers of a time out.
func (r *Record) during(p *pod, e ejection, w window) (s shown) {
	for _, x := range p.answers {
		switch {
		case x.sent.Before(w.from) || x.sent.After(w.to):
		case x.sent.Before(w.hold):
			s.held++
		case x.sent.After(w.sure):
			s.doubt++
		default:
			s.mistake(x)
		}
	}
	for _, o := range r.pods {
		if o == p {
			continue
		}
		for _, x := range o.answers {
			if !x.sent.Before(w.hold) && !x.sent.After(w.to) {
				s.good++
			}
		}
	}
	for _, x := range append(r.own[:len(r.own):len(r.own)], r.none...) {
		if x.sent.Before(w.hold) || x.sent.After(w.to) {
			continue
		}
		switch all := r.allOut(x.sent); {
		case all && noHost(x) && r.header.Rule.MinHealthPercent == 0:
			s.good++ // with every pod out, that is what the rule makes of it
		case all || x.code > 0 && x.code < 500:
		case x.code == 0 || refused(x):
			s.doubt++
		default:
			s.mistake(x)
		}
	}
	return s
}

// refused tells the sidecar's own answers for a pod that it called and could not
// reach. Source: envoy source/common/router/router.cc, onUpstreamReset.
func refused(x answer) bool { return strings.Contains(x.said, "upstream connect error") }

// followed is true where another change came so shortly before an ejection that
// Envoy may hold it back from its workers: within a window, or within the window
// after one that was itself held back. A pod that comes or goes is a change too.
func (r *Record) followed(p *pod, e ejection) bool {
	near := func(at span) bool {
		ago := e.out.since(at)
		return ago.most > 0 && ago.least < 2*breaker.UpdateWindow+handOver
	}
	for _, other := range r.pods {
		outs, _ := r.ejections(other)
		for _, o := range outs {
			if (other != p || o.out != e.out) && near(o.out) || o.returned && near(o.back) {
				return true
			}
		}
	}
	for i := 1; i < len(r.looks); i++ {
		if a, b := r.looks[i-1], r.looks[i]; !sameHosts(a, b) && near(span{r.at(a).from, r.at(b).to}) {
			return true
		}
	}
	return false
}

// sameHosts is whether two looks show the same endpoints.
func sameHosts(a, b look) bool {
	if len(a.pods) != len(b.pods) {
		return false
	}
	for name := range b.pods {
		if _, was := a.pods[name]; !was {
			return false
		}
	}
	return true
}

// allOut is true where every pod may have been out at a time.
func (r *Record) allOut(at time.Time) bool {
	pods := 0
	for _, p := range r.pods {
		if p.version == "" || p.notReady || p.gone && len(p.answers) == 0 {
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
