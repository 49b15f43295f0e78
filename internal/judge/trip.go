package judge

import (
	"fmt"
	"strings"

	"istio-circuit-breaker/internal/breaker"
)

// trip wants each failing pod out, at the threshold, by the detector that the
// rule means; or as many as the rule lets go.
func (r *Record) trip() []Claim {
	want, by := r.intended()
	failing, hosts := r.failing(), r.hosts()
	whole := func(expected string) Claim {
		return claim(Trip, "", expected, "every pod is counted by itself, in the caller's sidecar")
	}
	switch may := r.header.Rule.Ejectable(hosts); {
	case by == breaker.NoDetector:
		c := whole("a pod is ejected for its errors")
		c.Measured = "the rule has no threshold"
		c.lack("a threshold in the rule, which never ejects anybody")
		if errors, _ := intended(r.header.Rule, 0); errors > 0 {
			c.Measured = fmt.Sprintf("the rule does not count an %s", r.error())
			c.lack("errors that the rule counts; --phases never proves that it ejects nobody")
		}
		return []Claim{c}
	case len(failing) == 0:
		c := whole(fmt.Sprintf("each faulty pod out after %s in a row", breaker.Count(want, noun(by))))
		c.Measured, c.Open = "no faulty pod", len(r.looks) == 0
		c.lack("a faulty pod that is ready: no pod with the label version=%s is, so nothing is there to eject", faulty)
		return []Claim{c}
	case may == 0:
		c := whole(fmt.Sprintf("a faulty pod out after %s in a row", breaker.Count(want, noun(by))))
		c.Measured = fmt.Sprintf("maxEjectionPercent %d of %s lets none go", r.header.Rule.Percent(), breaker.Count(hosts, "pod"))
		rose := r.rise().Overflow
		c.saw("counters: ejections_overflow rose by %d", rose)
		c.Open = rose == 0 && !r.hopeless(failing[0], want)
		c.lack("a rule that lets a pod go")
		return []Claim{c}
	case may < len(failing):
		return r.someTrip(want, by, may)
	}
	var all []Claim
	for _, p := range failing {
		all = append(all, r.trips(p, want, by))
	}
	return all
}

// trips is the claim of one pod.
func (r *Record) trips(p *pod, want int, by breaker.Detector) Claim {
	c := claim(Trip, p.name, fmt.Sprintf("out after %s in a row", breaker.Count(want, noun(by))),
		"the sidecar counts each error as it ends; answers that are under way when the pod is ejected still reach the caller")
	c.Least = want
	outs, findings := r.ejections(p)
	for _, x := range p.answers {
		if counts(by, x.code) {
			c.Answers++
		}
	}
	if len(outs) == 0 {
		c.Measured = fmt.Sprintf("not ejected after %s", breaker.Count(c.Answers, "error"))
		switch {
		case p.gone:
			c.lack("an ejection before the pod went away")
		case r.hopeless(p, want) && r.elsewhere(p):
			c.lack("requests that go to the cluster that is looked at: it has counted none of the pod's")
		case r.hopeless(p, want) && r.header.Rule.Ejectable(r.hostsLeast()) < len(r.failing()):
			c.lack("as many pods as at the start: of %s the rule lets none more go", breaker.Count(r.hostsLeast(), "pod"))
		case r.hopeless(p, want):
			c.refute()
		case len(p.answers) == 0 && r.neverCalled([]string{p.name}):
			c.lack("any request to the pod")
		default:
			c.Open = true
			c.lack("an ejection")
		}
		return c
	}
	return r.counted(c, p, outs, findings, want, by)
}

// counted holds the number of errors before each ejection of a pod, and what it was
// booked to, against the rule.
func (r *Record) counted(c Claim, p *pod, outs []ejection, findings []string, want int, by breaker.Detector) Claim {
	first := outs[0]
	before := make([]count, len(outs))
	for i := range outs {
		before[i] = r.errorsAt(p, outs, i, want, by)
	}
	measured := before[0]
	c.Measured = measured.String()
	off, disputed, vague, held := -1, -1, false, r.heldBack(p, first)
	for i, e := range outs {
		n := before[i]
		c.saw("ejection %d at %s (%s): %s by the caller's answers, %s by the sidecar's rq_error", i+1, clockTime(e.out.from), tellers(e), n.answers, sidecarsOwn(n.sidecar))
		switch {
		case r.heldBack(p, e):
			// Each time that it was kept in, Envoy has counted anew.
			c.saw("ejection %d: as many pods were out before as the rule lets go", i+1)
		case n.vague:
			vague = true
		case n.disputed():
			disputed = i
		case !n.number.holds(want) && n.complete && off < 0 && r.settled(e):
			off = i
		case i > 0 && e.byLog && !held && n.complete:
			// Envoy decides each ejection at the threshold; a later one may be
			// told more exactly than the first.
			if both := measured.number.with(n.number); !both.contradicted() {
				measured.number = both
			}
		}
	}
	detector := r.detector(first)
	if detector != "" {
		c.Measured = fmt.Sprintf("%s (%s)", measured, detector)
	}
	switch {
	case !r.settled(first):
		c.Open = true
		c.lack("the rest of what tells of the ejection")
	case len(findings) > 0:
		c.lack("sources that agree: %s", strings.Join(findings, "; "))
	case detector != "" && detector != logType(by):
		c.refute()
	case measured.contradicted():
		c.lack("answers that fit the time of the ejection")
	case disputed >= 0:
		n := before[disputed]
		c.lack("counts that agree: before ejection %d the caller had %s, the sidecar %s", disputed+1, n.answers, sidecarsOwn(n.sidecar))
	case off >= 0 && (r.surplus(p) <= 0 || !before[off].sidecar.holds(want)):
		if off > 0 {
			c.Measured = fmt.Sprintf("ejection %d: %s", off+1, before[off])
		}
		c.refute()
	case !held && !measured.holds(want):
		c.lack("the caller's answers: the sidecar has counted others than those")
	case detector == "":
		c.lack("the detector: neither the outlier log nor the counters name it")
	case vague, !held && !measured.exact():
		c.Narrow = true
		c.lack("a narrower count: the answers tell no more than %s; send one request at a time, or fewer a second (--concurrency 1, --rate)", measured.number)
	default:
		c.prove()
	}
	return c
}

// heldBack is true where the percentage may have kept a pod in before an ejection:
// with as many others out as the rule lets go Envoy counts an overflow, and from the
// start again.
func (r *Record) heldBack(p *pod, e ejection) bool {
	may := r.header.Rule.Ejectable(r.hostsLeast())
	if may >= len(r.failing()) {
		return false
	}
	others := 0
	for _, o := range r.pods {
		if o == p {
			continue
		}
		outs, _ := r.ejections(o)
		for _, x := range outs {
			if x.out.from.Before(e.out.to) {
				others++
				break
			}
		}
	}
	return others >= may
}

// someTrip is the claim where the rule keeps some of the failing pods in.
func (r *Record) someTrip(want int, by breaker.Detector, may int) []Claim {
	failing := r.failing()
	c := claim(Trip, "", fmt.Sprintf("%d of %d faulty pods out after %s in a row, the rest kept in", may, len(failing), breaker.Count(want, noun(by))),
		fmt.Sprintf("maxEjectionPercent %d lets no more go at once", r.header.Rule.Percent()))
	c.Least = want
	all := []Claim{}
	out, held := 0, 0
	for _, p := range failing {
		if outs, _ := r.ejections(p); len(outs) > 0 {
			out++
			all = append(all, r.trips(p, want, by))
		} else if run := r.longestRun(p); run >= want {
			held++
			c.Answers = max(c.Answers, run)
		}
	}
	most, overflow := r.mostOut(), r.rise().Overflow
	c.Measured = fmt.Sprintf("at most %d out at once, ejections_overflow rose by %d", most, overflow)
	c.saw("looks: most pods with failed_outlier_check at once: %d", most)
	c.saw("counters: ejections_overflow rose by %d", overflow)
	switch {
	case most > r.header.Rule.Ejectable(r.hostsMost()):
		c.refute()
	case r.hostsLeast() < r.hostsMost():
		c.lack("the same number of pods all the time: there were %d to %d", r.hostsLeast(), r.hostsMost())
	case most < may && out == 0 && r.hopeless(failing[0], want):
		c.refute()
	case most < may || overflow == 0:
		c.Open = true
		c.lack("%d out at once and one more that was kept in", may)
	default:
		c.prove()
	}
	return append([]Claim{c}, all...)
}

// hopeless is true where a pod had far more errors than it takes: as many again,
// and those under way.
func (r *Record) hopeless(p *pod, want int) bool {
	workers := r.claimed().Load.Concurrency
	for _, s := range r.steps {
		if s.Load != nil {
			workers = max(workers, s.Load.Concurrency)
		}
	}
	return r.longestRun(p) >= 2*want+workers+5
}

// detector is the one that an ejection is booked to: as the log says, or by the
// counters where only one of them rose.
func (r *Record) detector(e ejection) string {
	if e.detector != "" {
		return e.detector
	}
	switch c := r.rise(); {
	case c.EnforcedGateway > 0 && c.Enforced5xx+c.EnforcedOther == 0:
		return logType(breaker.GatewayDetector)
	case c.Enforced5xx > 0 && c.EnforcedGateway+c.EnforcedOther == 0:
		return logType(breaker.Any5xxDetector)
	}
	return ""
}

// noun is what a detector counts.
func noun(by breaker.Detector) string {
	if by == breaker.Any5xxDetector {
		return "5xx answer"
	}
	return "gateway error"
}

// tellers are the sources that told of an ejection.
func tellers(e ejection) string {
	switch {
	case e.byLog && e.byLooks:
		return "outlier log and endpoint health"
	case e.byLog:
		return "outlier log"
	default:
		return "endpoint health"
	}
}

func sidecarsOwn(n number) string {
	if n.most >= 1<<30 {
		return fmt.Sprintf("at least %d", n.least)
	}
	return n.String()
}
