package breaker

import (
	"fmt"
	"slices"
	"time"
)

// Warning is a way in which a rule does nothing, or not what it seems to say.
type Warning struct {
	// Code is stable, for machines.
	Code string `json:"code"`
	Text string `json:"text"`
	// Source is where the fact comes from.
	Source string `json:"source"`
	Fix    string `json:"fix"`
	// Never is true where no pod will be ejected because of it.
	Never bool `json:"never"`
}

// Codes of warnings.
const (
	BreakerOff     = "breaker-off"
	NoThreshold    = "no-threshold"
	MaskedBy5xx    = "masked-by-5xx"
	DefaultOf5xx   = "default-of-5xx"
	NoneEjectable  = "none-ejectable"
	FewEjectable   = "few-ejectable"
	ZeroPercent    = "zero-percent-is-unset"
	AllEjectable   = "all-ejectable"
	PanicRouting   = "panic-routing"
	LateReturn     = "late-return"
	NoGrowth       = "no-growth"
	UnevenBalancer = "uneven-balancer"
	StickyBalancer = "sticky-balancer"
	ShortTimeout   = "short-timeout"
	SlowToTrip     = "slow-to-trip"
	InFlight       = "answers-in-flight"
	NothingFaulty  = "nothing-faulty"
	CodeNotCounted = "code-not-counted"
	NoPodsToChoose = "no-pods-to-choose"
	OtherThreshold = "other-threshold"
)

const (
	envoyImpl    = "envoy source/common/upstream/outlier_detection_impl.cc"
	envoyAPI     = "envoy api/envoy/config/cluster/v3/outlier_detection.proto"
	istioCluster = "istio pilot/pkg/networking/core/cluster_traffic_policy.go"
)

// Warnings are the traps that a rule and its load step into, those first that
// keep it from ejecting anything.
func (r Rule) Warnings(l Load) []Warning {
	if !r.Enabled {
		return []Warning{{Code: BreakerOff, Never: true, Text: "The rule has no outlierDetection: nothing is ever ejected.",
			Source: "istio/api networking/v1alpha3/destination_rule.proto", Fix: "set outlier.enabled to true"},
			{Code: MeshDefault, Text: "That holds only as long as the mesh has no defaultTrafficPolicy with outlierDetection (Istio 1.31): one that it has is in force wherever a rule has none of its own.",
				Source: istioDefaults, Fix: "look for defaultTrafficPolicy in the mesh's configuration, ConfigMap istio in istio-system"}}
	}
	var never, odd []Warning
	for _, w := range slices.Concat(r.thresholdTraps(), r.codeTraps(l), r.shareTraps(l), r.timeTraps(), r.loadTraps(l)) {
		if w.Never {
			never = append(never, w)
		} else {
			odd = append(odd, w)
		}
	}
	return append(never, odd...)
}

func (r Rule) thresholdTraps() []Warning {
	var all []Warning
	errors, by := r.Threshold()
	gateway := value(r.ConsecutiveGatewayErrors, 0)
	switch {
	case by == NoDetector:
		all = append(all, Warning{Code: NoThreshold, Never: true, Text: r.noThreshold() + ": no detector of answers ejects.",
			Source: istioCluster, Fix: "set consecutiveGatewayErrors to 1 or more"})
	case gateway > errors && r.Consecutive5xxErrors == nil:
		all = append(all, Warning{Code: MaskedBy5xx,
			Text:   fmt.Sprintf("consecutiveGatewayErrors %d comes too late: consecutive5xxErrors is not set, and Envoy's default ejects after %d.%s", gateway, errors, r.heldBack()),
			Source: istioCluster + "; measured", Fix: "set consecutive5xxErrors to 0"})
	case gateway > errors:
		all = append(all, Warning{Code: MaskedBy5xx,
			Text:   fmt.Sprintf("consecutiveGatewayErrors %d comes too late: consecutive5xxErrors ejects after %d.%s", gateway, errors, r.heldBack()),
			Source: "istio/api networking/v1alpha3/destination_rule.proto", Fix: "set consecutive5xxErrors to 0, or above the gateway threshold"})
	case gateway == 0 && r.Consecutive5xxErrors == nil:
		all = append(all, Warning{Code: DefaultOf5xx, Text: fmt.Sprintf("No threshold is set, so Envoy's default ejects after %d answers of 5xx.", errors),
			Source: envoyAPI, Fix: "set consecutiveGatewayErrors, and consecutive5xxErrors to 0"})
	}
	return all
}

// noThreshold is why neither detector of answers ejects. Where the gateway's is not
// set, Envoy counts to 5 and does not enforce it.
func (r Rule) noThreshold() string {
	if r.ConsecutiveGatewayErrors == nil {
		return "consecutive5xxErrors is 0, and consecutiveGatewayErrors is not set"
	}
	return "Both thresholds are 0"
}

// Overflows is whether the percentage may hold an ejection back.
func (r Rule) Overflows() bool { return r.Percent() < 100 }

// heldBack is when a gateway threshold above that of 5xx is reached all the same:
// an ejection that the percentage held back starts the count of 5xx again, and not
// that of gateway errors. Source: envoy outlier_detection_impl.cc,
// onConsecutiveErrorWorker.
func (r Rule) heldBack() string {
	if !r.Overflows() {
		return ""
	}
	return " It is reached only by a pod that maxEjectionPercent kept in."
}

// codeTraps are of pods that fail with something else than a gateway error.
func (r Rule) codeTraps(l Load) []Warning {
	if _, by := r.Threshold(); Gateway(l.Code) || by == NoDetector {
		return nil
	}
	errors, by := r.ThresholdFor(l.Code)
	gateway := value(r.ConsecutiveGatewayErrors, 0)
	switch {
	case by == NoDetector:
		return []Warning{{Code: CodeNotCounted, Never: true,
			Text:   fmt.Sprintf("The rule counts gateway errors alone (502, 503, 504): a pod that answers %d is never ejected.", l.Code),
			Source: envoyImpl, Fix: "set consecutive5xxErrors, which counts any 5xx"}}
	case gateway > 0:
		return []Warning{{Code: OtherThreshold,
			Text:   fmt.Sprintf("%d is no gateway error, so consecutiveGatewayErrors %d does not count it; after %d answers of any 5xx the pod is ejected all the same.", l.Code, gateway, errors),
			Source: envoyImpl, Fix: "set consecutive5xxErrors to what is meant for it, 0 for never"}}
	}
	return nil
}

func (r Rule) shareTraps(l Load) []Warning {
	pods := l.Healthy + l.Faulty
	if _, by := r.Threshold(); by == NoDetector || pods <= 0 {
		return nil
	}
	var all []Warning
	out := r.Ejectable(pods)
	if r.MaxEjectionPercent <= 0 {
		all = append(all, Warning{Code: ZeroPercent, Text: "maxEjectionPercent 0 is the same as not set: Envoy's 10, not \"never\".",
			Source: istioCluster, Fix: fmt.Sprintf("set it; %d lets every faulty pod go", PercentFor(max(l.Faulty, 1), pods))})
	}
	switch {
	case out == 0:
		all = append(all, Warning{Code: NoneEjectable, Never: true,
			Text:   fmt.Sprintf("maxEjectionPercent %d of %s is less than one pod: nothing is ever ejected, ejections_overflow rises instead.", r.Percent(), Count(pods, "pod")),
			Source: envoyImpl + " (envoyproxy/envoy#27624); measured", Fix: fmt.Sprintf("set maxEjectionPercent to %d or more", PercentFor(max(l.Faulty, 1), pods))})
	case out < l.Faulty:
		all = append(all, Warning{Code: FewEjectable,
			Text:   fmt.Sprintf("maxEjectionPercent %d lets %d of %s go at once, but %d are faulty: callers go on seeing errors.", r.Percent(), out, Count(pods, "pod"), l.Faulty),
			Source: envoyImpl + "; measured", Fix: fmt.Sprintf("set maxEjectionPercent to %d or more", PercentFor(l.Faulty, pods))})
	case out >= pods && l.Faulty >= pods:
		all = append(all, Warning{Code: AllEjectable, Text: "Every pod is faulty and may go: " + r.AllOut().Words,
			Source: istioCluster + "; measured", Fix: "keep a healthy pod, or set minHealthPercent"})
	}
	if r.MinHealthPercent > 0 && out > 0 {
		if r.Panics(min(out, max(l.Faulty, 1)), pods) {
			all = append(all, Warning{Code: PanicRouting,
				Text: fmt.Sprintf("minHealthPercent %d: with %d of %s out Envoy ignores the ejections and calls every pod.",
					r.MinHealthPercent, min(out, max(l.Faulty, 1)), Count(pods, "pod")),
				Source: istioCluster + "; measured", Fix: "leave minHealthPercent out"})
		}
	}
	return all
}

func (r Rule) timeTraps() []Warning {
	var all []Warning
	if r.Sweep() >= r.Base() {
		all = append(all, Warning{Code: LateReturn,
			Text:   fmt.Sprintf("interval %s is the sweep that returns pods, not a window in which errors are counted: a pod may stay out for %s.", Short(r.Sweep()), Short(r.Out(1).Most)),
			Source: envoyImpl + "; istio/istio#57010", Fix: "set interval well below baseEjectionTime, such as 1s"})
	}
	if r.Base() >= envoyMost {
		all = append(all, Warning{Code: NoGrowth,
			Text:   fmt.Sprintf("baseEjectionTime %s is at the cap already: later ejections last no longer.", Short(r.Base())),
			Source: envoyImpl, Fix: "set baseEjectionTime below 2m30s to see it grow"})
	}
	return all
}

func (r Rule) loadTraps(l Load) []Warning {
	var all []Warning
	if l.Faulty == 0 {
		all = append(all, Warning{Code: NothingFaulty, Text: "No pod is faulty, so there is nothing to eject.",
			Source: "replicas.faulty", Fix: "set replicas.faulty to 1 or more"})
	}
	if r.Unchosen != "" {
		all = append(all, Warning{Code: NoPodsToChoose, Never: true, Text: r.Unchosen + ": a sidecar sends to the address that its caller chose, and no ejection keeps a request from a pod.",
			Source: "istio pilot/pkg/networking/core/cluster.go, convertResolution", Fix: "have Envoy choose: a Service with a clusterIP, a ServiceEntry with resolution STATIC or DNS"})
	}
	switch r.Balancer {
	case "CONSISTENT_HASH":
		all = append(all, Warning{Code: StickyBalancer, Text: "A consistent hash keeps each caller on one pod: a single client may never meet the faulty one.",
			Source: "istio/api networking/v1alpha3/destination_rule.proto", Fix: "use ROUND_ROBIN for the demo"})
	case "PASSTHROUGH":
		all = append(all, Warning{Code: StickyBalancer, Never: true, Text: "PASSTHROUGH sends to the address that the caller chose: Envoy has no pods to choose from.",
			Source: "istio/api networking/v1alpha3/destination_rule.proto", Fix: "use ROUND_ROBIN for the demo"})
	case "", "LEAST_REQUEST", "LEAST_CONN":
		if l.Concurrency > 1 && l.MaxDelay > 0 {
			all = append(all, Warning{Code: UnevenBalancer, Text: "LEAST_REQUEST gives a slow pod fewer requests while several are under way: it trips later and less regularly.",
				Source: "envoy docs, load balancing, weighted least request", Fix: "use ROUND_ROBIN for the demo"})
		}
	}
	if l.Timeout > 0 && l.Timeout <= l.MaxDelay {
		all = append(all, Warning{Code: ShortTimeout,
			Text:   fmt.Sprintf("The client gives up after %s, the fault takes up to %s: an answer that nobody waits for is not counted.", Short(l.Timeout), Short(l.MaxDelay)),
			Source: envoyImpl, Fix: fmt.Sprintf("give the client a timeout above %s", Short(l.MaxDelay)), Never: l.counted() == 0})
	}
	if l.Concurrency > 1 {
		all = append(all, Warning{Code: InFlight,
			Text:   fmt.Sprintf("With %d requests under way, answers that were on their way at the ejection still come in: callers see up to %d errors more.", l.Concurrency, l.Concurrency-1),
			Source: envoyImpl, Fix: "expect the threshold plus the requests in flight"})
	}
	if t := r.Trip(l); !t.Never && t.Mean > 2*time.Minute {
		all = append(all, Warning{Code: SlowToTrip, Text: fmt.Sprintf("At this load it takes about %s until a pod trips.", Short(t.Mean.Round(time.Second))),
			Source: "derived", Fix: "raise the rate or the concurrency, or lower the threshold"})
	}
	return all
}
