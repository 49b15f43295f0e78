// Command infra is the Pulumi program: a mesh (unless one is there already),
// ServiceX healthy and faulty behind one Service, a client inside the mesh, and
// the DestinationRule that is the circuit breaker.
//
// It reads the stack's configuration (package internal/config) and makes
// nothing before all of it is valid. The order of resources follows from what
// they need of each other; in particular no pod is made before Istio's webhook
// really injects sidecars.
package main
