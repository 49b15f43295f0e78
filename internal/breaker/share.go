package breaker

// envoyPercent is max_ejection_percent where nobody sets it.
const envoyPercent = 10

// Percent is the max_ejection_percent in force. Istio writes the field only if
// it is above 0, so 0 means Envoy's 10, not "never".
func (r Rule) Percent() int32 {
	if r.MaxEjectionPercent <= 0 {
		return envoyPercent
	}
	return min(r.MaxEjectionPercent, 100)
}

// Ejectable is how many of pods may be out at once; 0 where no rule is in force.
//
// Envoy allows an ejection if 100 * (out+1) / pods <= percent, so the share
// counts the pod that is about to go; the result is rounded down. There is no
// exception for the first pod since Envoy 1.28.
func (r Rule) Ejectable(pods int) int {
	if _, by := r.Threshold(); by == NoDetector || pods <= 0 {
		return 0
	}
	return int(int64(r.Percent()) * int64(pods) / 100)
}

// PercentFor is the least maxEjectionPercent that lets out of pods be out at
// once; 0 where there are no pods.
func PercentFor(out, pods int) int32 {
	if pods <= 0 || out <= 0 {
		return 0
	}
	out = min(out, pods)
	return int32((100*int64(out) + int64(pods) - 1) / int64(pods))
}
