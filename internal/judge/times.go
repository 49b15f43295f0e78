package judge

import "time"

// Ejected reports whether every pod that went at all has gone more than i times.
func (r *Record) Ejected(i int) bool {
	return r.every(func(all []ejection) bool { return len(all) > i })
}

// Back reports whether every pod that went is back from its i-th ejection (from
// 0), and all that tells of it was heard.
func (r *Record) Back(i int) bool {
	return r.every(func(all []ejection) bool { return len(all) > i && r.backSettled(all[i]) })
}

// AllBack reports whether no pod is out.
func (r *Record) AllBack() bool {
	return r.every(func(all []ejection) bool { return all[len(all)-1].returned })
}

// every is true where it holds for the ejections of every pod that has any, and
// there is one.
func (r *Record) every(holds func([]ejection) bool) bool {
	some := false
	for _, p := range r.pods {
		all, _ := r.ejections(p)
		if len(all) == 0 {
			continue
		}
		if some = true; !holds(all) {
			return false
		}
	}
	return some
}

// FirstOut is when the first pod went for the i-th time (from 0), by the
// observer's clock; zero where none did.
func (r *Record) FirstOut(i int) time.Time {
	var at time.Time
	for _, p := range r.pods {
		all, _ := r.ejections(p)
		if len(all) <= i {
			continue
		}
		when := all[i].out.from
		if r.clock.known {
			when = when.Add(-(r.clock.least + r.clock.most) / 2)
		}
		if at.IsZero() || when.Before(at) {
			at = when
		}
	}
	return at
}

// Ejections is how many there were of all pods.
func (r *Record) Ejections() int {
	n := 0
	for _, p := range r.pods {
		all, _ := r.ejections(p)
		n += len(all)
	}
	return n
}

// Looked reports whether the sidecar was looked at.
func (r *Record) Looked() bool { return len(r.looks) > 0 }

// Slowest is the longest that a failing pod took for an answer.
func (r *Record) Slowest() time.Duration {
	slowest := time.Duration(0)
	for _, p := range r.failing() {
		for _, x := range p.answers {
			slowest = max(slowest, x.end.Sub(x.sent))
		}
	}
	return slowest
}

// Disturbed says what changed under the proof, if anything did.
func (r *Record) Disturbed() (what string) {
	kind, _ := r.disturbed()
	return string(kind)
}
