package kube

import (
	"context"
	"fmt"
	"strings"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
)

// otherRule is of a DestinationRule what decides which policy a caller gets. Source: istio
// pilot/pkg/model/push_context.go, destinationRule, and destination_rule.go.
type otherRule struct {
	Metadata named `json:"metadata"`
	Spec     struct {
		Host          string    `json:"host"`
		TrafficPolicy *policy   `json:"trafficPolicy"`
		Subsets       []subset  `json:"subsets"`
		ExportTo      []string  `json:"exportTo"`
		Selector      *struct{} `json:"workloadSelector"`
	} `json:"spec"`
}

type subset struct {
	Name          string  `json:"name"`
	TrafficPolicy *policy `json:"trafficPolicy"`
}

type policy struct {
	Outlier *struct{} `json:"outlierDetection"`
	TLS     *struct {
		Mode string `json:"mode"`
	} `json:"tls"`
	Ports []struct {
		Port struct {
			Number int `json:"number"`
		} `json:"port"`
		Outlier *struct{} `json:"outlierDetection"`
	} `json:"portLevelSettings"`
}

func (c *Cluster) surveyRules(ctx context.Context) ([]timeline.Symptom, error) {
	var list struct {
		Items []otherRule `json:"items"`
	}
	if err := c.list(ctx, "networking.istio.io/v1", "destinationrules", &list); err != nil {
		return nil, err
	}
	return ruleSymptoms(list.Items, c.namespace), nil
}

// ruleSymptoms are the rules that win over the stack's, or that it hides itself.
func ruleSymptoms(rules []otherRule, namespace string) []timeline.Symptom {
	var all []timeline.Symptom
	tell := func(code, format string, args ...any) {
		all = append(all, timeline.Symptom{Code: code, Detail: fmt.Sprintf(format, args...), Source: "DestinationRules"})
	}
	for _, r := range rules {
		if !meant(r.Spec.Host, r.Metadata.Namespace, namespace) {
			continue
		}
		mine := r.Metadata.Namespace == namespace && r.Metadata.Name == mesh.Service
		if p := r.Spec.TrafficPolicy; p != nil {
			for _, port := range p.Ports {
				switch {
				case port.Port.Number == servicePort && port.Outlier == nil && p.Outlier != nil:
					tell("hidden-by-port-level", "DestinationRule %s has portLevelSettings for port %d without outlierDetection", r.Metadata, port.Port.Number)
				case port.Port.Number == servicePort && port.Outlier != nil:
					tell("hidden-by-port-level", "DestinationRule %s has an outlierDetection of its own for port %d", r.Metadata, port.Port.Number)
				}
			}
		}
		for _, s := range r.Spec.Subsets {
			if s.TrafficPolicy != nil {
				tell("hidden-by-subset", "DestinationRule %s has a traffic policy of its own for the subset %q", r.Metadata, s.Name)
			}
		}
		if !mine {
			tell("hidden-by-other-rule", "DestinationRule %s is for %q too", r.Metadata, r.Spec.Host)
		}
	}
	return all
}

// servicePort is the one that the client calls.
const servicePort = 80

// meant is whether a rule's host is the service: by its short name in its own
// namespace, by its full name, or by a wildcard.
func meant(host, of, namespace string) bool {
	full := mesh.Host(namespace)
	if suffix, wild := strings.CutPrefix(host, "*"); wild {
		return strings.HasSuffix(full, suffix)
	}
	if !strings.Contains(host, ".") {
		return host == mesh.Service && of == namespace
	}
	return host == full || strings.HasPrefix(full, host+".")
}
