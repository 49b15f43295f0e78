package lint

import "fmt"

// localOrigin finds what counts of the sidecar's own failures do not do.
func localOrigin(b *block) (all []Finding) {
	const field = "consecutiveLocalOriginFailures"
	failures := b.rule.ConsecutiveLocal
	switch {
	case !b.rule.SplitLocal && failures != nil && *failures > 0:
		return []Finding{b.found(localWithoutSplit, field, "consecutiveLocalOriginFailures without splitExternalLocalOriginErrors: Istio's webhook refuses the object.",
			istioChecks, "set splitExternalLocalOriginErrors to true, or take it away")}
	case !b.rule.SplitLocal:
		return nil
	case failures == nil:
		all = append(all, b.found(localDefault, "splitExternalLocalOriginErrors", fmt.Sprintf("consecutiveLocalOriginFailures is not set: Envoy's default ejects after %d failures of the sidecar's own.", b.local()),
			pilotPolicy, "set it to the number that is meant"))
	case *failures == 0:
		f := b.found(localDefault, field, fmt.Sprintf("consecutiveLocalOriginFailures 0 is not off: Istio does not write it, and Envoy's default ejects after %d.", b.local()),
			pilotPolicy, "set it to the number that is meant; there is no way to switch it off")
		f.Severity = Warning
		all = append(all, f)
	}
	return append(all, b.found(localApart, "splitExternalLocalOriginErrors",
		"Failed connections and timeouts no longer count as 503 and 504: consecutiveGatewayErrors and consecutive5xxErrors count answers of pods alone.",
		envoyDetector+", by the source", "nothing to mend; without it one number counts both"))
}
