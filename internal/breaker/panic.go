package breaker

// Panics tells whether Envoy ignores ejections while out of pods are ejected. As
// long as 1.4 times those in rotation are as many as there are pods it never
// does, however high minHealthPercent is. Source: envoy source/extensions/
// load_balancing_policies/common/load_balancer_impl.cc,
// recalculatePerPriorityPanic and isHostSetInPanic.
func (r Rule) Panics(out, pods int) bool {
	if pods <= 0 || r.MinHealthPercent <= 0 {
		return false
	}
	in := pods - min(out, pods)
	return 100*in < int(r.MinHealthPercent)*pods && 140*in/pods < 100
}
