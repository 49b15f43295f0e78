package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// surveyAuthentication looks for a server that demands mTLS of a caller that is
// told to do without.
func (c *Cluster) surveyAuthentication(ctx context.Context) ([]timeline.Symptom, error) {
	var list struct {
		Items []struct {
			Metadata named `json:"metadata"`
			Spec     struct {
				MTLS struct {
					Mode string `json:"mode"`
				} `json:"mtls"`
			} `json:"spec"`
		} `json:"items"`
	}
	if err := c.list(ctx, "security.istio.io/v1", "peerauthentications", &list); err != nil {
		return nil, err
	}
	o, err := c.rule(ctx)
	if err != nil {
		return nil, err
	}
	var rule struct {
		Policy *policy `json:"trafficPolicy"`
	}
	if err := json.Unmarshal(o.Spec, &rule); err != nil {
		return nil, fmt.Errorf("decoding the DestinationRule %q: %w", mesh.Service, err)
	}
	if rule.Policy == nil || rule.Policy.TLS == nil || rule.Policy.TLS.Mode == "ISTIO_MUTUAL" || rule.Policy.TLS.Mode == "MUTUAL" {
		return nil, nil
	}
	var all []timeline.Symptom
	for _, a := range list.Items {
		if a.Spec.MTLS.Mode == "STRICT" && (a.Metadata.Namespace == c.namespace || a.Metadata.Namespace == rootNamespace) {
			all = append(all, timeline.Symptom{Code: "mtls-mismatch", Source: "PeerAuthentications",
				Detail: fmt.Sprintf("PeerAuthentication %s is STRICT, and the DestinationRule's tls.mode is %s", a.Metadata, rule.Policy.TLS.Mode)})
		}
	}
	return all, nil
}

// surveyMesh looks at the mesh's own configuration.
func (c *Cluster) surveyMesh(ctx context.Context) ([]timeline.Symptom, error) {
	text, err := c.core.RESTClient().Get().Resource("configmaps").Namespace(rootNamespace).Name("istio").DoRaw(ctx)
	if apierrors.IsNotFound(err) {
		return nil, nil // of a revision, or another namespace
	}
	if err != nil {
		return nil, fmt.Errorf("reading the mesh's configuration: %w", err)
	}
	var config struct {
		Data map[string]string `json:"data"`
	}
	if err := json.Unmarshal(text, &config); err != nil {
		return nil, fmt.Errorf("decoding the mesh's configuration: %w", err)
	}
	return meshSymptoms(config.Data["mesh"]), nil
}

// meshSymptoms reads MeshConfig as the text that it is: the field stands at the
// first level of its YAML.
func meshSymptoms(text string) []timeline.Symptom {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "defaultTrafficPolicy:") {
			return []timeline.Symptom{{Code: "mesh-default-policy", Detail: "MeshConfig.defaultTrafficPolicy is set", Source: "ConfigMap istio"}}
		}
	}
	return nil
}

// surveyEndpoints looks for a service that nobody stands behind.
func (c *Cluster) surveyEndpoints(ctx context.Context) ([]timeline.Symptom, error) {
	text, err := c.core.RESTClient().Get().AbsPath("/apis/discovery.k8s.io/v1/namespaces/"+c.namespace+"/endpointslices").
		Param("labelSelector", "kubernetes.io/service-name="+mesh.Service).DoRaw(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing the endpoints of %q: %w", mesh.Service, err)
	}
	var list struct {
		Items []struct {
			Endpoints []struct {
				Conditions struct {
					Ready *bool `json:"ready"`
				} `json:"conditions"`
			} `json:"endpoints"`
		} `json:"items"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("decoding the endpoints of %q: %w", mesh.Service, err)
	}
	all, ready := 0, 0
	for _, s := range list.Items {
		for _, e := range s.Endpoints {
			if all++; e.Conditions.Ready == nil || *e.Conditions.Ready {
				ready++
			}
		}
	}
	if ready > 0 {
		return nil, nil
	}
	return []timeline.Symptom{{Code: "no-endpoints", Detail: fmt.Sprintf("none of %d endpoints of %s is ready", all, mesh.Service), Source: "EndpointSlices"}}, nil
}
