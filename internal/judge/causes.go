package judge

import (
	"istio-circuit-breaker/internal/diagnose"
	"istio-circuit-breaker/internal/timeline"
)

// causes of the claims that are not proven.
func (r *Record) causes(phases []timeline.Phase) []diagnose.Cause {
	seen := diagnose.Seen{Rule: r.header.Rule, Sidecar: r.inForce(), Claim: r.claimed(), Rise: r.rise(), Looked: len(r.looks) > 0,
		NoAnswer: map[string]int{}, Lost: map[string]string{}, Symptoms: r.symptoms}
	for _, p := range phases {
		if p.Statement != timeline.Proven {
			seen.Failed = append(seen.Failed, p)
		}
	}
	if len(seen.Failed) == 0 {
		return nil
	}
	for _, name := range r.names {
		if p := r.pods[name]; p.version != "" {
			seen.Pods = append(seen.Pods, r.symptomsOf(p, &seen))
		}
	}
	own := map[diagnose.Own]int{}
	for _, x := range r.own {
		own[diagnose.Own{Code: x.code, Said: x.said, Elsewhere: x.waited}]++
	}
	for _, x := range r.own {
		key := diagnose.Own{Code: x.code, Said: x.said, Elsewhere: x.waited}
		if n := own[key]; n > 0 { // each once, in the order of the answers
			delete(own, key)
			key.Count = n
			seen.Own = append(seen.Own, key)
		}
	}
	for _, x := range r.none {
		seen.NoAnswer[x.err]++
	}
	for _, e := range r.events {
		switch e.Event.Kind {
		case timeline.SourceLost:
			seen.Lost[e.Event.Source] = e.Event.Detail
		case timeline.SourceBack:
			delete(seen.Lost, e.Event.Source)
		}
	}
	kind, _ := r.disturbed()
	seen.Disturbed = string(kind)
	if r.clock.known {
		seen.Apart, seen.Jumped = r.clock.most-r.clock.least, r.clock.jumped
	}
	return diagnose.Causes(seen)
}

// symptomsOf is what was seen of one pod.
func (r *Record) symptomsOf(p *pod, seen *diagnose.Seen) diagnose.Pod {
	outs, _ := r.ejections(p)
	d := diagnose.Pod{Name: p.name, Faulty: p.version == faulty, Gone: p.gone, Answers: map[int]int{}, Ejections: len(outs)}
	for _, x := range p.answers {
		d.Answers[x.code]++
	}
	for _, l := range p.lines {
		switch {
		case l.Ejected && l.Enforced:
			seen.Detectors = append(seen.Detectors, l.Type)
		case l.Ejected:
			seen.Unenforced++
		}
	}
	if len(r.looks) > 0 {
		if last, known := r.looks[len(r.looks)-1].pods[p.name]; known {
			d.NotReady, d.Locality, d.Flags, d.Booked, d.Errors = last.NotReady, last.Locality, last.Flags, last.Requests, last.Errors
		}
	}
	return d
}
