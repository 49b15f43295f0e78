package diagnose

import (
	"fmt"
	"strings"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/translate"
)

// Symptoms that end a proof before any traffic.
const (
	NoRule    = "no-rule"
	NoSidecar = "no-sidecar"
)

// NotReadable is the symptom of what a survey may not look at.
const NotReadable = "not-readable"

const (
	translation = "istio pilot/pkg/networking/core/cluster_traffic_policy.go"
	detection   = "envoy source/common/upstream/outlier_detection_impl.cc"
)

// absences are of what a breaker cannot be without.
func absences() []rule {
	found := func(code, short string) func(Seen) (string, bool) {
		return func(s Seen) (string, bool) {
			detail, is := s.symptom(code)
			return short + ": " + detail, is
		}
	}
	return []rule{
		{code: NoRule, alone: true, when: found(NoRule, "no rule"), fix: always("run `pulumi up`"), source: "API server"},
		{code: NoSidecar, alone: true, when: found(NoSidecar, "sidecar missing"), source: "API server",
			fix: always("run `kubectl rollout restart deployment servicex-client` once istiod runs and the namespace is labelled for injection")},
		{code: "breaker-off", alone: true, source: translation, fix: always("run `pulumi config set outlier.enabled true && pulumi up`, or prove that nothing is ejected with --phases off"),
			when: func(s Seen) (string, bool) {
				return "breaker off: the DestinationRule has no outlierDetection", !s.Rule.Enabled && !s.wants("off") && s.failed("preflight")
			}},
		{code: "breaker-on", alone: true, source: translation, fix: always("run `pulumi config set outlier.enabled false && pulumi up`"),
			when: func(s Seen) (string, bool) {
				return "breaker on: the phase off is for outlier.enabled=false", s.Rule.Enabled && s.wants("off")
			}},
		{code: "no-threshold", alone: true, source: translation, fix: always("set consecutiveGatewayErrors"),
			when: func(s Seen) (string, bool) {
				_, by := s.Rule.Threshold()
				return "no threshold: consecutive5xxErrors is 0, and consecutiveGatewayErrors is 0 or not set", s.Rule.Enabled && by == breaker.NoDetector
			}},
		{code: "no-faulty-pod", alone: true, source: "API server", fix: always("run `pulumi config set replicas.faulty 1 && pulumi up`"),
			when: func(s Seen) (string, bool) {
				return "no faulty pod: no pod has the label version=504, so there is nothing to eject", s.Looked && len(s.faulty()) == 0 && s.failed("mix", "trip", "off", "never", "clean", "return", "second", "backoff", "counters")
			}},
	}
}

func (s Seen) wants(phase string) bool {
	for _, p := range s.Claim.Phases {
		if p == phase {
			return true
		}
	}
	return false
}

// settings are of the rule itself.
func settings() []rule {
	return []rule{
		{code: "threshold-masked-by-5xx", source: translation + "; measured", fix: always("set consecutive5xxErrors to 0"),
			when: func(s Seen) (string, bool) {
				gateway := s.Rule.ConsecutiveGatewayErrors
				errors, by := s.Rule.ThresholdFor(s.Claim.Code)
				if other := !breaker.Gateway(s.Claim.Code); other && gateway != nil && *gateway > 0 && by == breaker.Any5xxDetector && s.Rule.Consecutive5xxErrors == nil && s.failed("never", "counters") {
					return fmt.Sprintf("threshold masked by 5xx: consecutive5xxErrors is not set, so Envoy's default of %d is in force and counts answers of %d, which consecutiveGatewayErrors does not", errors, s.Claim.Code), true
				}
				masked := s.Rule.Enabled && gateway != nil && *gateway > errors && by == breaker.Any5xxDetector && s.Rule.Consecutive5xxErrors == nil
				if !masked || !s.failed("trip", "counters") {
					return "", false
				}
				return fmt.Sprintf("threshold masked by 5xx: consecutive5xxErrors is not set, so Envoy's default of %d is in force and reached before consecutiveGatewayErrors %d", errors, *gateway), true
			}},
		{code: "threshold-changed", source: "API server", fix: always("run `pulumi up --refresh` to put the stack's rule back"),
			when: func(s Seen) (string, bool) {
				demanded := s.Claim.ExpectThreshold
				has := int(number(s.Rule))
				switch {
				case demanded != 0 && has != demanded:
					return fmt.Sprintf("threshold changed: the rule in the cluster says %d, and %d are demanded", has, demanded), true
				case s.Claim.Declared != nil && len(translate.Differences(*s.Claim.Declared, translate.Cluster(s.Rule))) > 0:
					return "rule changed by hand: it is not what the stack declared (" + strings.Join(translate.Differences(*s.Claim.Declared, translate.Cluster(s.Rule)), "; ") + ")", true
				}
				return "", false
			}},
		{code: "max-ejection-percent", source: detection + "; measured",
			when: func(s Seen) (string, bool) {
				pods, faulty := len(s.Pods), len(s.faulty())
				may := s.Rule.Ejectable(pods)
				if !s.Rule.Enabled || may >= faulty || !s.failed("trip", "clean", "return", "second", "backoff", "counters") {
					return "", false
				}
				return fmt.Sprintf("maxEjectionPercent too low: %d %% of %s lets %d go, and %d are faulty (ejections_overflow %d)",
					s.Rule.Percent(), breaker.Count(pods, "pod"), may, faulty, s.Rise.Overflow), true
			},
			fix: func(s Seen) string {
				return fmt.Sprintf("set it to %d or more", breaker.PercentFor(len(s.faulty()), len(s.Pods)))
			}},
		{code: "times-overlap", source: detection, fix: always("set outlier.interval well below outlier.baseEjectionTime"),
			when: func(s Seen) (string, bool) {
				return fmt.Sprintf("the times of a first and a second ejection overlap: interval %s is not below base %s by enough to tell them apart", breaker.Short(s.Rule.Sweep()), breaker.Short(s.Rule.Base())),
					s.failed("second") && s.ejections() > 1 && s.Rule.Out(2).Least <= s.Rule.Out(1).Most+time800
			}},
		{code: "panic-routing", source: translation + "; envoy lb_healthy_panic", fix: always("leave minHealthPercent out, or keep more pods"),
			when: func(s Seen) (string, bool) {
				percent := float64(s.Rule.MinHealthPercent)
				if s.Sidecar != nil && s.Sidecar.Outlier != nil {
					percent = s.Sidecar.PanicPercent
				}
				if percent <= 0 && s.Rise.Panic == 0 || s.ejections() == 0 || !s.refuted("clean") {
					return "", false
				}
				text := "panic routing: Envoy ignores ejections and calls every pod, though no minHealthPercent is shown"
				if percent > 0 {
					text = fmt.Sprintf("panic routing: with fewer than %g %% of the pods in rotation (minHealthPercent) Envoy ignores ejections and calls them all", percent)
				}
				if s.Rise.Panic > 0 {
					text += fmt.Sprintf(" (lb_healthy_panic %d)", s.Rise.Panic)
				}
				return text, true
			}},
	}
}

// number is the threshold that a rule's writer means.
func number(r breaker.Rule) uint32 {
	if g := r.ConsecutiveGatewayErrors; r.Enabled && g != nil && *g > 0 && r.Consecutive5xxErrors == nil {
		return *g
	}
	errors, _ := r.Threshold()
	return errors
}

// hidings are of a rule that something else wins over.
func hidings() []rule {
	hidden := func(code, text, fix string) rule {
		return rule{code: code, source: "istio pilot/pkg/model/destination_rule.go; " + translation, fix: always(fix),
			when: func(s Seen) (string, bool) {
				detail, is := s.symptom(code)
				return text + ": " + detail, is && s.differs()
			}}
	}
	return []rule{
		hidden("hidden-by-port-level", "rule not in force: its own portLevelSettings win for the port, and replace the whole policy", "put outlierDetection under portLevelSettings too, or take them away"),
		hidden("hidden-by-other-rule", "rule not in force: another DestinationRule of the host wins", "merge the two into one"),
		{code: "hidden-by-subset", source: "istio pilot/pkg/networking/core/cluster_builder.go",
			fix: always("route to the host without a subset, or prove it on a service of its own"),
			when: func(s Seen) (string, bool) {
				detail, is := s.symptom("hidden-by-subset")
				_, absent := s.symptom("no-cluster")
				return "rule not seen at work: requests go to a subset's cluster, with a policy and counts of its own: " + detail, is && !absent && s.failed("mix", "trip", "counters", "healthy")
			}},
		{code: "mesh-default-policy", source: translation + ", applyDefaultTrafficPolicy", fix: always("see MeshConfig.defaultTrafficPolicy"),
			when: func(s Seen) (string, bool) {
				detail, is := s.symptom("mesh-default-policy")
				_, port := s.symptom("hidden-by-port-level")
				_, other := s.symptom("hidden-by-other-rule")
				// A rule's own block wins over the mesh's, unless the block is not the one in force.
				return "rule not in force: the mesh has an outlier detection for whatever has none: " + detail,
					is && s.differs() && s.Sidecar.Outlier != nil && (!s.Rule.Enabled || port || other)
			}},
		{code: "cluster-domain", source: "istio pilot/pkg/model/config.go, ResolveShortnameToFQDN", fix: always("name the host with the cluster's own domain"),
			when: func(s Seen) (string, bool) {
				detail, is := s.symptom("cluster-domain")
				return "rule not in force: it is for another host: " + detail, is
			}},
		{code: "rule-not-in-force", source: "Envoy's configuration dump", fix: always("look for another DestinationRule of the same host, and at istiod's log"),
			when: func(s Seen) (string, bool) {
				if s.Sidecar == nil {
					return "", false
				}
				wrong := translate.Differences(s.Rule, *s.Sidecar)
				return "rule not in force: the sidecar does not have what the DestinationRule says (" + strings.Join(wrong, "; ") + ")", len(wrong) > 0
			}},
	}
}

// differs is whether the sidecar has something else than the rule says.
func (s Seen) differs() bool {
	return s.Sidecar != nil && len(translate.Differences(s.Rule, *s.Sidecar)) > 0
}
