// Package network makes sockets in another network namespace than the
// process's own. A socket belongs for ever to the network that it was made in,
// whoever uses it: a command inside of the lab serves a page on the host's
// loopback, and goes on talking to the cluster in the lab's.
package network
