// Package verify drives a proof on a real mesh: it sends requests from inside of
// it, has the client's sidecar watched, and goes on until package judge has no
// claim left that more traffic could decide. It judges nothing by itself: the
// verdict is a function of the entries that it hands on.
package verify
