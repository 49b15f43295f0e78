package judge

import (
	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// intended is the threshold that the writer of a rule means, and its detector.
// It is what the rule does, but where a gateway threshold stands alone: nobody who
// writes consecutiveGatewayErrors 10 and nothing else asks for an ejection after
// five, which Envoy's own default of consecutive_5xx then makes of it.
func intended(r breaker.Rule) (int, breaker.Detector) {
	if g := r.ConsecutiveGatewayErrors; r.Enabled && g != nil && *g > 0 && r.Consecutive5xxErrors == nil {
		return int(*g), breaker.GatewayDetector
	}
	errors, by := r.Threshold()
	return int(errors), by
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
