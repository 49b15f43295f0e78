// Package envoy is a small reimplementation of Envoy's outlier detection and of
// what a load balancer makes of it, for tests: the bench that the proof is tried
// on. It knows nothing of package breaker, the model that the proof compares
// with: each rule is taken from Envoy's source, which is named beside it, and the
// whole is held against recordings of real Envoys.
//
// It is a state machine on a clock that is passed in. Files are those of Envoy
// 1.40, below source/common/upstream unless they say otherwise.
package envoy
