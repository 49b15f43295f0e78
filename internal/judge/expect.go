package judge

import (
	"fmt"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// intended is the threshold that the writer of a rule means for errors of a status,
// and its detector. It is what the rule does, but where a gateway threshold stands
// alone: nobody who writes consecutiveGatewayErrors 10 and nothing else asks for an
// ejection after five of any 5xx, which Envoy's own default of consecutive_5xx then
// makes of it.
func intended(r breaker.Rule, code int) (int, breaker.Detector) {
	if g := r.ConsecutiveGatewayErrors; r.Enabled && g != nil && *g > 0 && r.Consecutive5xxErrors == nil {
		if !breaker.Gateway(code) {
			return 0, breaker.NoDetector
		}
		return int(*g), breaker.GatewayDetector
	}
	errors, by := r.ThresholdFor(code)
	return int(errors), by
}

// intended is that of the rule that is proven, for what its faulty pods answer.
func (r *Record) intended() (int, breaker.Detector) {
	return intended(r.header.Rule, r.claimed().Code)
}

// Counted reports whether the writer of a rule means answers of a status to eject.
func Counted(rule breaker.Rule, code int) bool {
	_, by := intended(rule, code)
	return by != breaker.NoDetector
}

// fails reports whether an answer is what a faulty pod is to give.
func (r *Record) fails(code int) bool {
	if want := r.claimed().Code; want != 0 {
		return code == want
	}
	return timeline.GatewayError(code)
}

// error is what a faulty pod gives, in words.
func (r *Record) error() string {
	if code := r.claimed().Code; !breaker.Gateway(code) {
		return fmt.Sprintf("answer of %d", code)
	}
	return "gateway error"
}

// counts reports whether a detector counts an answer as an error; any other
// answer of the pod starts its count again. Source: envoy
// source/common/upstream/outlier_detection_impl.cc, putHttpResponseCode.
func counts(by breaker.Detector, code int) bool {
	if by == breaker.Any5xxDetector {
		return code >= 500 && code <= 599
	}
	return timeline.GatewayError(code)
}

// logType is a detector's name in the outlier log.
func logType(by breaker.Detector) string {
	if by == breaker.Any5xxDetector {
		return "CONSECUTIVE_5XX"
	}
	return "CONSECUTIVE_GATEWAY_FAILURE"
}
