// Package effective says which outlier detection a caller's Envoy has for a host,
// a port and a subset, of all the DestinationRules that there are: field by field,
// with the object and the path that each comes from, and why every other rule does
// not count. Everything is a pure function.
//
// The semantics are istiod's, as read in istio.io/istio of the version that the
// lab is built from (the functions are named where they are followed), and not
// those of the reference, which says less and in places something else:
//
//   - The first namespace with a rule for the host ends the search, even where that
//     rule is for other workloads and leaves the caller with none.
//   - Rules of one host and namespace are merged only where their exportTo is the
//     same; of those that are not merged the newest holds, not the oldest.
//   - An exact host that is not exported to the caller still hides the wildcards of
//     its namespace.
//   - A port's entry takes the mesh's default policy where it has no
//     outlierDetection, a port's entry of a subset does not.
//
// What decides beside the rules and is not looked at: Sidecar objects (whether the
// caller sees the service at all), rules that istiod makes of a Gateway API's
// backend policy, headless services (no balancer of Envoy's), a Service's
// trafficDistribution, and waypoints, which ask the rules otherwise
// (pilot/pkg/networking/core/cluster_waypoint.go).
package effective
