package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"istio-circuit-breaker/internal/effective"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"

	networking "istio.io/api/networking/v1alpha3"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

// authentication is of a PeerAuthentication what decides whether a pod takes plain text.
type authentication struct {
	Metadata struct {
		named

		Created time.Time `json:"creationTimestamp"`
	} `json:"metadata"`
	Spec struct {
		MTLS struct {
			Mode string `json:"mode"`
		} `json:"mtls"`
		Selector *struct {
			Labels map[string]string `json:"matchLabels"`
		} `json:"selector"`
	} `json:"spec"`
}

// surveyAuthentication looks for a server that demands mTLS of a caller that is
// told to do without.
func (c *Cluster) surveyAuthentication(ctx context.Context, client *corev1.Pod) ([]timeline.Symptom, error) {
	var all []authentication
	for _, namespace := range slices.Compact([]string{c.namespace, rootNamespace}) {
		var list struct {
			Items []authentication `json:"items"`
		}
		if err := c.list(ctx, "security.istio.io/v1", namespace, "peerauthentications", &list); err != nil {
			return nil, err
		}
		all = append(all, list.Items...)
	}
	rules, err := c.rules(ctx)
	if err != nil {
		return nil, err
	}
	return authenticationSymptoms(all, inForce(rules, c.namespace, dnsDomain(client), client.Labels), c.namespace), nil
}

// authenticationSymptoms are of the policies that are in force: one for chosen
// pods before the namespace's, and that before the mesh's. Source: istio
// pilot/pkg/security/authn/policy_applier.go, ComposePeerAuthentication.
func authenticationSymptoms(policies []authentication, rule effective.Result, namespace string) []timeline.Symptom {
	mode := plainText(rule.TLS)
	if mode == "" {
		return nil
	}
	policies = slices.Clone(policies)
	slices.SortStableFunc(policies, func(a, b authentication) int { return a.Metadata.Created.Compare(b.Metadata.Created) })
	var all []timeline.Symptom
	tell := func(p authentication, of string) {
		if p.Spec.MTLS.Mode == "STRICT" {
			all = append(all, timeline.Symptom{Code: "mtls-mismatch", Source: "PeerAuthentications",
				Detail: fmt.Sprintf("PeerAuthentication %s is STRICT%s, and tls.mode of DestinationRule %s is %s", p.Metadata, of, rule.Policy.Object, mode)})
		}
	}
	wide := map[string]authentication{} // the oldest without a selector
	for _, p := range policies {
		of := p.Metadata.Namespace
		switch _, is := wide[of]; {
		case p.Spec.Selector != nil && of == namespace:
			tell(p, " for pods with "+labels.Set(p.Spec.Selector.Labels).String())
		case p.Spec.Selector == nil && !is:
			wide[of] = p
		}
	}
	if own := wide[namespace]; own.Spec.MTLS.Mode != "" && own.Spec.MTLS.Mode != "UNSET" {
		tell(own, "")
	} else {
		tell(wide[rootNamespace], "")
	}
	return all
}

// plainText is the mode of a rule that has the client speak no mTLS of the mesh;
// empty where it does. Without a tls block Istio finds out by itself.
func plainText(tls *networking.ClientTLSSettings) string {
	if tls == nil || tls.GetMode() == networking.ClientTLSSettings_ISTIO_MUTUAL || tls.GetMode() == networking.ClientTLSSettings_MUTUAL {
		return ""
	}
	return tls.GetMode().String()
}

// surveyMesh looks at the mesh's own configuration.
func (c *Cluster) surveyMesh(ctx context.Context, _ *corev1.Pod) ([]timeline.Symptom, error) {
	config, err := c.core.ConfigMaps(rootNamespace).Get(ctx, "istio", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil // of a revision, or another namespace
	}
	if err != nil {
		return nil, fmt.Errorf("reading the mesh's configuration: %w", err)
	}
	return meshSymptoms(config.Data["mesh"])
}

// meshSymptoms reads MeshConfig's YAML. The mesh's policy holds block by block, so
// without outlierDetection it takes nothing from a rule.
func meshSymptoms(text string) ([]timeline.Symptom, error) {
	var config struct {
		Default struct {
			Outlier map[string]any `json:"outlierDetection"`
		} `json:"defaultTrafficPolicy"`
	}
	if err := yaml.Unmarshal([]byte(text), &config); err != nil {
		return nil, fmt.Errorf("decoding the mesh's configuration: %w", err)
	}
	if config.Default.Outlier == nil {
		return nil, nil
	}
	return []timeline.Symptom{{Code: "mesh-default-policy", Detail: "MeshConfig.defaultTrafficPolicy.outlierDetection is set", Source: "ConfigMap istio"}}, nil
}

// surveyEndpoints looks for a service that nobody stands behind.
func (c *Cluster) surveyEndpoints(ctx context.Context, _ *corev1.Pod) ([]timeline.Symptom, error) {
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
