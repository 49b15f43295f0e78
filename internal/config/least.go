package config

import (
	"fmt"
	"strings"
)

// Least is the oldest version of something that the stack works with.
type Least struct {
	what         string
	major, minor int
	why          string // what is not in older ones
}

// The oldest versions, all of them. The README and docs/clusters.md follow.
var (
	// LeastKubernetes: server-side apply, by which the provider makes everything,
	// is stable since 1.22 (and EndpointSlices, from which istiod reads the pods,
	// since 1.21); 1.23 is the oldest on which Istio has tried any version that is
	// new enough for us (istio.io, data/compatibility/supportStatus.yml).
	LeastKubernetes = Least{"Kubernetes", 1, 23, "no Istio that is new enough has been tried on an older one"}
	// LeastMesh is for a mesh that is there: the rule is of networking.istio.io/v1,
	// which Istio serves since 1.22 (istio.io, blog/2024/v1-apis).
	LeastMesh = Least{"Istio", 1, 22, "the rule is a DestinationRule of networking.istio.io/v1, which older ones do not serve"}
	// LeastCharts is for the mesh that the stack installs: since 1.24 the chart base
	// has the CRDs among its templates (istio/istio#53318). From there the program
	// knows which ones it has to remove, and leaves those of others out
	// (base.excludedCRDs).
	LeastCharts = Least{"Istio's chart", 1, 24, "older charts keep their CRDs where neither Helm nor this program can look after them"}
)

// Supported is what istioctl warns of, for the charts' default version and newer
// ones (istio/istio istioctl/pkg/install/k8sversion, MinK8SVersion).
var (
	supportedKubernetes = Least{"Kubernetes", 1, 32, ""}
	supportingCharts    = Least{"Istio's chart", 1, 31, ""}
)

func (l Least) String() string { return fmt.Sprintf("%d.%d", l.major, l.minor) }

// Check is an error where version, such as v1.22.4-gke.100, is older. One that
// cannot be read is not known to be.
func (l Least) Check(version string) error {
	if !l.newerThan(version) {
		return nil
	}
	return fmt.Errorf("%s %s %s", l.what, version, l.tooOld())
}

func (l Least) tooOld() string {
	return fmt.Sprintf("is too old: %s is the least, because %s", l, l.why)
}

func (l Least) newerThan(version string) bool {
	var major, minor int
	if n, _ := fmt.Sscanf(strings.TrimPrefix(version, "v"), "%d.%d", &major, &minor); n < 2 || unreleased(version) {
		return false
	}
	return major < l.major || major == l.major && minor < l.minor
}

// unreleased reports whether a version is that of Istio's charts as they are in
// its repository: a release writes its own in its place.
func unreleased(version string) bool { return version == "1.0.0" }

// Unsupported is a sentence where the mesh's makers do not support the charts of
// that version on Kubernetes of this one, though it may work; empty otherwise.
func Unsupported(charts, kubernetes string) string {
	if supportingCharts.newerThan(charts) || !supportedKubernetes.newerThan(kubernetes) {
		return ""
	}
	return fmt.Sprintf("Istio %s is supported on Kubernetes %s and newer; on %s it may work, and nobody has promised that", charts, supportedKubernetes, kubernetes)
}
