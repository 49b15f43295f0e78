package kube

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"

	corev1 "k8s.io/api/core/v1"
)

// otherRule is of a DestinationRule what decides which policy a caller gets.
type otherRule struct {
	Metadata struct {
		named

		Created time.Time `json:"creationTimestamp"`
	} `json:"metadata"`
	Spec struct {
		Host          string   `json:"host"`
		TrafficPolicy *policy  `json:"trafficPolicy"`
		ExportTo      []string `json:"exportTo"`
		Selector      *struct {
			Labels map[string]string `json:"matchLabels"`
		} `json:"workloadSelector"`
	} `json:"spec"`
}

type policy struct {
	Outlier *struct{} `json:"outlierDetection"`
	TLS     *tls      `json:"tls"`
	Ports   []struct {
		Port struct {
			Number int `json:"number"`
		} `json:"port"`
		Outlier *struct{} `json:"outlierDetection"`
		TLS     *tls      `json:"tls"`
	} `json:"portLevelSettings"`
}

type tls struct {
	Mode string `json:"mode"`
}

// surveyRules looks at the rules of the caller's own namespace alone: the stack's
// rule is there, and where one of that namespace fits, Istio looks no further.
// Source: istio pilot/pkg/model/push_context.go, destinationRule.
func (c *Cluster) surveyRules(ctx context.Context, client *corev1.Pod) ([]timeline.Symptom, error) {
	var list struct {
		Items []otherRule `json:"items"`
	}
	if err := c.list(ctx, "networking.istio.io/v1", c.namespace, "destinationrules", &list); err != nil {
		return nil, err
	}
	return ruleSymptoms(list.Items, c.namespace, client.Labels), nil
}

// ruleSymptoms are the rules that win over the stack's, and where it hides itself.
func ruleSymptoms(rules []otherRule, namespace string, client map[string]string) []timeline.Symptom {
	var all []timeline.Symptom
	tell := func(code, format string, args ...any) {
		all = append(all, timeline.Symptom{Code: code, Detail: fmt.Sprintf(format, args...), Source: "DestinationRules"})
	}
	for _, r := range rules {
		if r.Metadata.Name == mesh.Service && !meant(r.Spec.Host, namespace) {
			tell("cluster-domain", "DestinationRule %s is for the host %q, and the service is %q", r.Metadata, r.Spec.Host, mesh.Host(namespace))
		}
	}
	first, why := firstRule(rules, namespace, client)
	if first == nil {
		return all
	}
	if first.Metadata.Name != mesh.Service {
		tell("hidden-by-other-rule", "DestinationRule %s is for %q too, and %s", first.Metadata, first.Spec.Host, why)
	}
	if first.Spec.TrafficPolicy == nil {
		return all
	}
	for _, p := range first.Spec.TrafficPolicy.Ports {
		if p.Port.Number != servicePort {
			continue
		}
		has := "without outlierDetection"
		if p.Outlier != nil {
			has = "with an outlierDetection of its own"
		}
		tell("hidden-by-port-level", "DestinationRule %s has portLevelSettings for port %d %s", first.Metadata, servicePort, has)
	}
	return all
}

// firstRule is the rule whose policy the client gets, and why it comes before
// the others; nil where none has a policy. One that selects the client wins; of
// the others the oldest that has a policy at all, for they are merged in that
// order and a later one adds its subsets alone. A wildcard loses to a host.
// Source: istio pilot/pkg/model, sidecar.go, DestinationRule, and
// destination_rule.go, mergeDestinationRule.
func firstRule(rules []otherRule, namespace string, client map[string]string) (first *otherRule, why string) {
	fitting := slices.DeleteFunc(slices.Clone(rules), func(r otherRule) bool {
		return r.Spec.TrafficPolicy == nil && r.Spec.Selector == nil || !meant(r.Spec.Host, namespace) || !exported(r.Spec.ExportTo, namespace) ||
			r.Spec.Selector != nil && !within(r.Spec.Selector.Labels, client)
	})
	slices.SortFunc(fitting, func(a, b otherRule) int {
		return cmp.Or(
			yes(wildcard(a))-yes(wildcard(b)),
			yes(a.Spec.Selector == nil)-yes(b.Spec.Selector == nil),
			a.Metadata.Created.Compare(b.Metadata.Created),
			strings.Compare(a.Metadata.Name, b.Metadata.Name))
	})
	if len(fitting) == 0 || wildcard(fitting[0]) {
		return nil, ""
	}
	if fitting[0].Spec.Selector != nil {
		return &fitting[0], "its workloadSelector is for the client"
	}
	return &fitting[0], "is the older one"
}

// yes is 1 where a rule stands behind the others, for sorting.
func yes(b bool) int {
	if b {
		return 1
	}
	return 0
}

func wildcard(r otherRule) bool { return strings.HasPrefix(r.Spec.Host, "*") }

// exported is whether an object of a namespace is for callers of the same one.
func exported(to []string, namespace string) bool {
	return len(to) == 0 || slices.ContainsFunc(to, func(t string) bool { return t == "." || t == "*" || t == namespace })
}

// within is whether labels have all that a selector asks for.
func within(selector, labels map[string]string) bool {
	for k, v := range selector {
		if has, is := labels[k]; !is || has != v {
			return false
		}
	}
	return true
}

// servicePort is the one that the client calls.
const servicePort = 80

// meant is whether a host is the service, as an object in the service's own
// namespace names it: short, in full, or by a wildcard. A name with a dot is taken as
// it stands: servicex-service.circuit-breaker is another host. Source: istio
// pilot/pkg/model/config.go, ResolveShortnameToFQDN.
func meant(host, namespace string) bool {
	full := mesh.Host(namespace)
	if suffix, wild := strings.CutPrefix(host, "*"); wild {
		return strings.HasSuffix(full, suffix)
	}
	return host == full || host == mesh.Service
}
