// Package fieldpath has the names that the Kubernetes provider uses of it, and means
// those of the newer release that all else in the provider was compiled with: a set
// that one of them makes is handed to the other.
package fieldpath

import "sigs.k8s.io/structured-merge-diff/v6/fieldpath"

type (
	// Path is where a field is in an object.
	Path = fieldpath.Path
	// Set is fields of an object, such as those that somebody manages.
	Set = fieldpath.Set
)

// MakePath makes a path of its elements: names, indices, or keys of lists.
var MakePath = fieldpath.MakePath
