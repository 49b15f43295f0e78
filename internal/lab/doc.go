// Package lab brings up a real Kubernetes cluster with a registry, a Docker
// engine and Pulumi, on a bare Debian machine, and takes it down without a
// trace. It has one node, or more, each further one in a sandbox within that of
// the first (package node says how they are run, package sandbox in what). It is
// in a network of its own; how the machine reaches it all the same is told in
// package reach. Up is an ordered list of steps, each of which finds out for
// itself whether its work is done already.
package lab
