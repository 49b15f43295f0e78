// Package node says how a one-node Kubernetes cluster is run: which daemons,
// with which keys, configuration files and flags. It writes files and returns
// the daemons; it starts nothing.
package node
