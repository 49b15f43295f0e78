package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"istio-circuit-breaker/internal/effective"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"

	corev1 "k8s.io/api/core/v1"
)

// surveyRules looks at the rules of the caller's own namespace alone: the stack's
// rule is there, and where one of that namespace fits, Istio looks no further.
func (c *Cluster) surveyRules(ctx context.Context, client *corev1.Pod) ([]timeline.Symptom, error) {
	rules, err := c.rules(ctx)
	if err != nil {
		return nil, err
	}
	return ruleSymptoms(rules, c.namespace, dnsDomain(client), client.Labels), nil
}

// rules are the DestinationRules of the stack's namespace.
func (c *Cluster) rules(ctx context.Context) ([]effective.Object, error) {
	var list struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := c.list(ctx, "networking.istio.io/v1", c.namespace, "destinationrules", &list); err != nil {
		return nil, err
	}
	var all []effective.Object
	for _, text := range list.Items {
		o, err := effective.ParseObject(text)
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// inForce is what a client of the stack's namespace has for the service.
func inForce(rules []effective.Object, namespace, domain string, client map[string]string) effective.Result {
	return effective.Compute(rules, effective.Mesh{Domain: domain}, effective.Caller{Namespace: namespace, Labels: client},
		effective.Service{Host: mesh.Host(namespace, domain), Namespace: namespace, Port: servicePort})
}

// ruleSymptoms are the rules that win over the stack's, and where it hides itself.
func ruleSymptoms(rules []effective.Object, namespace, domain string, client map[string]string) []timeline.Symptom {
	var all []timeline.Symptom
	tell := func(code, format string, args ...any) {
		all = append(all, timeline.Symptom{Code: code, Detail: fmt.Sprintf(format, args...), Source: "DestinationRules"})
	}
	for _, r := range rules {
		if r.Name == mesh.Service && !meant(r.Spec.GetHost(), namespace, domain) {
			tell("cluster-domain", "DestinationRule %s is for the host %q, and the service is %q", r, r.Spec.GetHost(), mesh.Host(namespace, domain))
		}
	}
	result := inForce(rules, namespace, domain, client)
	own := namespace + "/" + mesh.Service
	if why, _ := result.Why(own); why.Code != effective.InForce {
		for _, other := range result.Objects {
			if other != own {
				tell("hidden-by-other-rule", "DestinationRule %s is for the client. Of %s: %s", other, own, why.Text)
				break
			}
		}
	}
	if strings.Contains(result.Policy.Path, ".portLevelSettings[") {
		has := "without outlierDetection"
		if result.Rule.Enabled {
			has = "with an outlierDetection of its own"
		}
		tell("hidden-by-port-level", "DestinationRule %s has portLevelSettings for port %d %s", result.Policy.Object, servicePort, has)
	}
	return all
}

// servicePort is the one that the client calls.
const servicePort = 80

// meant is whether a host is the service, as an object in the service's own
// namespace names it: short, in full, or by a wildcard. A name with a dot is taken as
// it stands: servicex-service.circuit-breaker is another host. Source: istio
// pilot/pkg/model/config.go, ResolveShortnameToFQDN.
func meant(host, namespace, domain string) bool {
	full := mesh.Host(namespace, domain)
	if suffix, wild := strings.CutPrefix(host, "*"); wild {
		return strings.HasSuffix(full, suffix)
	}
	return host == full || host == mesh.Service
}
