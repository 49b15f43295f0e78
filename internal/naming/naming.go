// Package naming has what the stack's objects are called, for the program that makes
// them and the observer that looks for them.
package naming

// Names of the stack's objects.
const (
	Project = "istio-circuit-breaker" // of Pulumi, and PartOfLabel of every object
	// Namespace is the stack's where none is set.
	Namespace = "circuit-breaker"
	Service   = "servicex-service" // also of its DestinationRule
	Client    = "servicex-client"  // also label app of the client pod
	Server    = "servicex"         // label app of the service's pods

	PartOfLabel = "app.kubernetes.io/part-of"
)
