// Package lab brings up a real one-node Kubernetes cluster with a registry, a
// Docker engine and Pulumi, on a bare Debian machine, and takes it down without
// a trace. Up is an ordered list of steps, each of which finds out for itself
// whether its work is done already.
package lab
