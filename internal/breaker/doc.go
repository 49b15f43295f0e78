// Package breaker says what an outlier detection rule really does. It reads a
// Rule and the setting that the rule works in (pods, load, delay), and makes
// the effective threshold, the number of pods that may be out, the times that
// they stay out, the time to trip, and warnings. Everything is a pure function.
//
// The semantics are Envoy's, as read in source/common/upstream/
// outlier_detection_impl.cc and measured on Envoy 1.40.0, behind Istio's
// translation in pilot/pkg/networking/core/cluster_traffic_policy.go. Where
// the two differ from what the fields' names suggest, the code says so.
package breaker
