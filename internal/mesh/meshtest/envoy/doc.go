// Package envoy is a small Envoy of one cluster, for tests: its outlier
// detection, its load balancers, and the way between the two, each rule read in
// Envoy's own source and named by file and function. It knows nothing of this
// program's model of the same, which it is there to test.
//
// It is a state machine on a passive clock: every call says when it is made, and
// first does what was due by then. It is not safe for concurrent use.
package envoy
