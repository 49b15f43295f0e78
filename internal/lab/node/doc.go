// Package node says how the nodes of a Kubernetes cluster are run: which daemons,
// with which keys, configuration files and flags, a file of this package for
// each. It writes files and returns the daemons; it starts nothing.
package node
