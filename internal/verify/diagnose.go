package verify

import (
	"fmt"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/mesh"
)

// whyEarly names why a pod went at another number of errors than configured.
func (r *run) whyEarly(measured int) string {
	errors, by := r.rule.Threshold()
	if by == breaker.Any5xxDetector && int(errors) < r.result.Threshold.Configured {
		set := "consecutive5xxErrors is not set, so Envoy's default of 5 is in force"
		if r.rule.Consecutive5xxErrors != nil {
			set = fmt.Sprintf("consecutive5xxErrors is %d", *r.rule.Consecutive5xxErrors)
		}
		return fmt.Sprintf("threshold masked by 5xx: %s and reached before consecutiveGatewayErrors %d; set consecutive5xxErrors to 0",
			set, r.result.Threshold.Configured)
	}
	if measured > r.result.Threshold.Configured {
		return "ejected late: answers of the pod other than gateway errors, or a rule that changed while the proof ran"
	}
	return "ejected early: somebody else sends requests from the client pod, or the rule changed while the proof ran"
}

// whyNot names why a pod was not ejected although it failed often enough.
func (r *run) whyNot(a *account) string {
	pods, failing := len(r.ledger.present()), len(r.ledger.failing())
	_, by := r.rule.Threshold()
	switch {
	case by == breaker.NoDetector:
		return "no threshold: consecutiveGatewayErrors and consecutive5xxErrors are both 0; set consecutiveGatewayErrors"
	case r.rule.Ejectable(pods) < failing || r.ledger.counters.Overflow > r.ledger.first.Overflow:
		return fmt.Sprintf("maxEjectionPercent too low: %d %% of %s lets %d go, and %d are faulty (ejections_overflow %d); set it to %d or more",
			r.rule.Percent(), breaker.Count(pods, "pod"), r.rule.Ejectable(pods), failing, r.ledger.counters.Overflow, breaker.PercentFor(failing, pods))
	case len(a.answers) == 0:
		return r.masked()
	case r.ledger.counters.DetectedGateway > r.ledger.counters.EnforcedGateway:
		return "detected but not enforced: the sidecar counts ejections that it does not carry out; look for an EnvoyFilter that changes enforcing_consecutive_gateway_failure"
	default:
		return "the sidecar does not count these errors; see whether the client's requests pass it (container istio-proxy, no traffic.sidecar.istio.io exclusions)"
	}
}

// masked names why no error was seen: Istio tries some failed requests again.
func (r *run) masked() string {
	endpoints, err := mesh.Endpoints(r.ctx, r.mesh, r.client)
	if err != nil {
		return "no gateway error seen, and the sidecar cannot be asked why: " + err.Error()
	}
	errors := uint64(0)
	for _, e := range endpoints {
		errors += e.Errors
	}
	if errors > 0 {
		return fmt.Sprintf("retries mask the errors: the sidecar has counted %d, the caller has seen none; 503 is tried again by default (VirtualService retries)", errors)
	}
	return "no pod fails: the sidecar has counted no error; see that the pods with version=504 run with error=yes"
}
