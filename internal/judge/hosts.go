package judge

import "istio-circuit-breaker/internal/timeline"

// hosts are how many the sidecar has, which the percentage is of.
func (r *Record) hosts() int {
	if len(r.looks) == 0 {
		return len(r.pods)
	}
	return r.looks[0].hosts()
}

func (l look) hosts() int { return l.count(func(p timeline.Pod) bool { return p.Address != "" }) }

// count is how many of the look's pods are so.
func (l look) count(is func(timeline.Pod) bool) int {
	n := 0
	for _, p := range l.pods {
		if is(p) {
			n++
		}
	}
	return n
}

// hostsLeast is the smallest number that any look showed. A pod that is ending may be
// among the sidecar's hosts still, or not any more: this leaves it out, and hostsMost
// counts it.
func (r *Record) hostsLeast() int {
	least := r.hosts()
	for _, l := range r.looks {
		least = min(least, l.count(func(p timeline.Pod) bool { return p.Address != "" && p.State != timeline.Terminating }))
	}
	return least
}

// hostsMost is the largest.
func (r *Record) hostsMost() int {
	most := r.hosts()
	for _, l := range r.looks {
		most = max(most, l.hosts())
	}
	return most
}

// mostOut is the largest number of pods that one look showed out.
func (r *Record) mostOut() int {
	most := 0
	for _, l := range r.looks {
		most = max(most, l.count(out))
	}
	return most
}
