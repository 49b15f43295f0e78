package breaker

// Codes of notes.
const (
	HeldBack  = "updates-held-back"
	PerClient = "per-client"
	Inline    = "no-counting-window"
	NoProbe   = "no-probe"
)

// Notes are what surprises about every rule that can eject, whatever it says.
func (r Rule) Notes() []Warning {
	if _, by := r.Threshold(); by == NoDetector {
		return nil
	}
	return []Warning{
		{Code: Inline, Text: "Errors count in a row, not in a window: one other answer of the pod starts the count again.",
			Source: "envoy docs, outlier detection", Fix: "nothing to mend"},
		{Code: PerClient, Text: "Each client's sidecar counts for itself: a caller without a sidecar has no breaker.",
			Source: istioCluster, Fix: "send the load from inside the mesh"},
		{Code: NoProbe, Text: "A returned pod takes full traffic at once; no single request probes it first.",
			Source: envoyImpl, Fix: "nothing to mend"},
		{Code: HeldBack, Text: "Envoy tells its load balancers of changes at most once a second: just after a return, or after another pod's ejection, a pod is ejected at the threshold but called until that second is over.",
			Source: "envoy update_merge_window; measured; envoyproxy/envoy#40697", Fix: "expect more errors than the threshold at later ejections"},
	}
}
