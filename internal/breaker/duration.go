package breaker

import "time"

// Envoy's defaults, in force where the rule leaves the field out.
const (
	envoyBase     = 30 * time.Second
	envoyInterval = 10 * time.Second
	// envoyMost caps an ejection; max_ejection_time has no field in a
	// DestinationRule. A longer base raises it.
	envoyMost = 300 * time.Second
)

// UpdateWindow is how long Envoy may hold a change of a pod's health back from
// its load balancers after the change before it: the first change is passed on
// at once, the ones within the window together, a whole window after the first of
// them (field update_merge_window of a cluster, 1s unless set; no field in a
// DestinationRule; envoy source/common/upstream/cluster_manager_impl.cc,
// scheduleUpdate). Envoy therefore decides a later ejection at the threshold,
// but may go on sending to the pod for a second after that. The same holds for a
// second pod that is ejected within a second of the first.
// Measured on Envoy 1.40.0, seen by others in envoyproxy/envoy#40697.
const UpdateWindow = time.Second

// Base is the base ejection time in force.
func (r Rule) Base() time.Duration {
	if r.BaseEjectionTime <= 0 {
		return envoyBase
	}
	return r.BaseEjectionTime
}

// Sweep is the interval in force: how often Envoy looks for pods to return.
func (r Rule) Sweep() time.Duration {
	if r.Interval <= 0 {
		return envoyInterval
	}
	return r.Interval
}

// Cap is the longest time out, before the wait for the sweep.
func (r Rule) Cap() time.Duration { return max(envoyMost, r.Base()) }

// Span is a time between two bounds.
type Span struct {
	Least time.Duration `json:"least"`
	Most  time.Duration `json:"most"`
}

// Out is how long a pod's ejection lasts, where factor counts the pod's
// ejections from 1 (less what Factor takes off): base * factor up to the cap,
// and then the wait for the next sweep. It grows by the base each time; it
// does not double.
func (r Rule) Out(factor int) Span {
	least := r.Cap()
	if factor = max(factor, 1); time.Duration(factor) <= least/r.Base() {
		least = r.Base() * time.Duration(factor)
	}
	return Span{Least: least, Most: least + r.Sweep()}
}

// Factor is the factor of a pod's next ejection: one more than that of the one
// before, less one for each whole sweep that the pod was back. A pod that never
// was out has 0 before. Envoy stops counting once the cap is reached.
func (r Rule) Factor(before int, back time.Duration) int {
	before = min(max(before, 0), int(r.Cap()/r.Base())+1)
	now := max(before-int(min(max(back, 0)/r.Sweep(), time.Duration(before))), 0)
	// Envoy: raise while factor * base < cap + base.
	if time.Duration(now)*r.Base() < r.Cap()+r.Base() {
		now++
	}
	return now
}
