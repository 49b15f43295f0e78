// Package meshtest is a mesh.Mesh without a cluster, for tests: pods that answer
// or fail, and a sidecar whose Envoy (package envoy) ejects them. It is given a
// DestinationRule, and translates it by itself: it shares no model of the breaker
// with the program that it tests. Its fields are the knobs of a world; most make
// it lie, lag or break. It is made for the fake clock of testing/synctest.
package meshtest
