package breaker

// Detector names one of Envoy's detectors as its counters do:
// ejections_enforced_<detector>.
type Detector string

const (
	NoDetector      Detector = ""
	GatewayDetector Detector = "consecutive_gateway_failure"
	Any5xxDetector  Detector = "consecutive_5xx"
)

// envoy5xx is consecutive_5xx where nobody sets it; it is enforced.
// Source: envoy api/envoy/config/cluster/v3/outlier_detection.proto.
const envoy5xx = 5

// Threshold is the number of gateway errors (502, 503, 504) in a row that
// eject a pod, and the detector that books it. 0 and NoDetector: none can.
//
// Istio writes a threshold only where it is set, so consecutive5xxErrors left
// out keeps Envoy's 5, which a higher gateway threshold never reaches. At equal
// thresholds the gateway detector is first (measured on Envoy 1.40.0).
func (r Rule) Threshold() (uint32, Detector) {
	if !r.Enabled {
		return 0, NoDetector
	}
	gateway, any5xx := value(r.ConsecutiveGatewayErrors, 0), value(r.Consecutive5xxErrors, envoy5xx)
	switch {
	case gateway > 0 && (any5xx == 0 || gateway <= any5xx):
		return gateway, GatewayDetector
	case any5xx > 0:
		return any5xx, Any5xxDetector
	default:
		return 0, NoDetector
	}
}

// ThresholdFor is Threshold for one status: answers of it in a row that eject a pod.
// Of those that are no gateway error, only consecutive_5xx counts any. 0 stands for a
// gateway error.
func (r Rule) ThresholdFor(code int) (uint32, Detector) {
	if Gateway(code) {
		return r.Threshold()
	}
	if any5xx := value(r.Consecutive5xxErrors, envoy5xx); r.Enabled && any5xx > 0 && code >= 500 && code <= 599 {
		return any5xx, Any5xxDetector
	}
	return 0, NoDetector
}

// Gateway reports whether a status is a gateway error: 502, 503 or 504, for any of
// which 0 stands.
func Gateway(code int) bool { return code == 0 || code >= 502 && code <= 504 }

func value(p *uint32, unset uint32) uint32 {
	if p == nil {
		return unset
	}
	return *p
}
