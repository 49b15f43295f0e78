package main

import (
	"fmt"
	"maps"
	"slices"
)

// Helm writes on each object whose it is; it takes over what carries the name of
// the release that it installs, whoever installed that.
const (
	helmRelease   = "meta.helm.sh/release-name"
	helmNamespace = "meta.helm.sh/release-namespace"
)

// adoptedAnnotation is on each CRD that a stack has adopted.
const adoptedAnnotation = "istio-circuit-breaker/release"

// foreignCRDs are those of Istio's that no version of this program has adopted:
// "helm uninstall" keeps CRDs by design, so that they may be all that is left of
// a mesh, or belong to one that lives in another namespace. It only counts at a
// stack's first update.
func foreignCRDs(seen sighting, stack string) []object {
	return slices.DeleteFunc(slices.Clone(seen.crds), func(o object) bool {
		_, adopted := o.Metadata.Annotations[adoptedAnnotation]
		mesh, there := seen.namespaces[meshNS]
		return adopted && there && owner(mesh.Metadata.Labels) == labelValue(stack)
	})
}

// stillForeign are the CRDs that are there, were there before this stack, and
// have not been made anew by it since, which the label alone tells: part of what
// they are, the chart says.
func (own identity) stillForeign(crds []object) []string {
	var foreign []string
	for _, o := range crds {
		if slices.Contains(own.crdsBefore, o.Metadata.Name) && !own.owns(o.Metadata.Labels[identityLabel]) {
			foreign = append(foreign, o.Metadata.Name)
		}
	}
	return foreign
}

// foreignParts are the other cluster-scoped objects of Istio's that are not of
// our releases: Helm would fail on them after the image had been built, or take
// them over. Those of our releases are of this stack where the mesh's namespace
// is, which is looked at by itself.
func foreignParts(seen sighting) []error {
	_, meshThere := seen.namespaces[meshNS]
	var errs []error
	for _, what := range slices.Sorted(maps.Keys(seen.others)) {
		notes := seen.others[what].Metadata.Annotations
		release := notes[helmRelease]
		if meshThere && notes[helmNamespace] == meshNS && (release == baseRelease || release == istiodRelease) {
			continue
		}
		errs = append(errs, advise(fmt.Errorf("%s exists already and was not made by this stack", what),
			fmt.Sprintf("if it is of a mesh that runs: pulumi config set istio.install false; whose it is: kubectl get %s -o yaml", what)))
	}
	return errs
}

func names(objects []object) []string {
	var all []string
	for _, o := range objects {
		all = append(all, o.Metadata.Name)
	}
	return all
}
