// Package inventory reads from a cluster what lint and explain judge: the
// DestinationRules, what stands beside them, the mesh's own policy, and how many
// pods are ready behind a service. It changes nothing. What may not be read is
// named, in the API server's words, and the rest is read all the same.
package inventory
