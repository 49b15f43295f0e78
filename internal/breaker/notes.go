package breaker

// Codes of notes.
const (
	HeldBack  = "updates-held-back"
	PerClient = "per-client"
	Inline    = "no-counting-window"
	NoProbe   = "no-probe"
	// OwnZone is also of Istio before 1.31; the others are news of that.
	OwnZone     = "own-zone-first"
	MeshDefault = "mesh-wide-default"
	UnreadyPods = "unready-pods-count"
	ErrorCodes  = "error-codes-without-effect"
)

// Sources of facts that were read in Istio's code, of the revision that the lab
// is built from, and then measured there (e2e: zones, layouts, news).
const (
	istioDefaults  = istioCluster + " applyDefaultTrafficPolicy (istio/istio#60664); measured"
	istioUnready   = "istio pilot/pkg/xds/endpoints/endpoint_builder.go supportsUnhealthyEndpoints (istio/istio#60690); measured"
	istioLocality  = "istio pilot/pkg/networking/core/loadbalancer/loadbalancer.go ApplyToCluster; measured"
	istioNoReading = "istio/api networking/v1alpha3/destination_rule.proto; no code of pilot reads it (istio/istio#60892); measured"
)

// Notes are what surprises about every rule that can eject, whatever it says.
func (r Rule) Notes() []Warning {
	if _, by := r.Threshold(); by == NoDetector {
		return nil
	}
	all := []Warning{
		{Code: Inline, Text: "Errors count in a row, not in a window: one other answer of the pod starts the count again.",
			Source: "envoy docs, outlier detection", Fix: "nothing to mend"},
		{Code: PerClient, Text: "Each client's sidecar counts for itself: a caller without a sidecar has no breaker.",
			Source: istioCluster, Fix: "send the load from inside the mesh"},
		{Code: NoProbe, Text: "A returned pod takes full traffic at once; no single request probes it first.",
			Source: envoyImpl, Fix: "nothing to mend"},
		{Code: HeldBack, Text: "Envoy tells its load balancers of changes at most once a second: just after a return, or after another pod's ejection, a pod is ejected at the threshold but called until that second is over.",
			Source: "envoy update_merge_window; measured; envoyproxy/envoy#40697", Fix: "expect more errors than the threshold at later ejections"},
	}
	if (r.Locality == nil || *r.Locality) && !r.Spread && !r.Through() {
		all = append(all, Warning{Code: OwnZone, Text: "Outlier detection switches Istio's locality failover on: a caller meets the pods of its own zone only, as long as they are healthy. A faulty pod of another zone is then neither called nor ejected.",
			Source: istioLocality, Fix: "set localityLbSetting.enabled to false in the rule to have the pods of every zone called"})
	}
	if r.MinHealthPercent <= 0 {
		all = append(all, Warning{Code: UnreadyPods, Text: "From Istio 1.31 on, pods that are not ready are hosts of Envoy too: they count in maxEjectionPercent, so that more pods may be out during a rollout.",
			Source: istioUnready, Fix: "expect it while pods start; minHealthPercent above 0 keeps them away, and brings panic routing"})
	}
	return append(all,
		Warning{Code: MeshDefault, Text: "This outlierDetection replaces that of a mesh-wide defaultTrafficPolicy (Istio 1.31) as a whole: what it leaves out is Envoy's default, not the mesh's.",
			Source: istioDefaults, Fix: "repeat in the rule what is to hold of the mesh's default"},
		Warning{Code: ErrorCodes, Text: "outlierDetectionHttpErrorCodes is accepted by Istio 1.31 and has no effect: 502, 503 and 504 count, or any 5xx, and nothing else.",
			Source: istioNoReading, Fix: "leave it out"})
}
