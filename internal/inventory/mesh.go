package inventory

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/effective"
	"istio-circuit-breaker/internal/target"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// istioNamespace is where istiod is, unless somebody moved it.
const istioNamespace = "istio-system"

// Mesh is the mesh's configuration, as its ConfigMap has it.
type Mesh struct {
	effective.Mesh
	Namespace, Name string
	// Text is MeshConfig's YAML; empty where it is not known.
	Text []byte
}

func (m Mesh) root() string { return cmp.Or(m.Config.GetRootNamespace(), istioNamespace) }

// mesh reads it. Where there is one of a revision only, it is that one's.
func (r *reader) mesh(ctx context.Context) Mesh {
	found, err := r.Objects.Resource(configMaps).Namespace(istioNamespace).Get(ctx, "istio", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		found, err = r.meshOfRevision(ctx)
	}
	if err != nil {
		r.unread = append(r.unread, fmt.Errorf("reading the mesh's configuration, so that its default policy is not known: %w", err))
		return Mesh{}
	}
	data, _ := found.Object["data"].(map[string]any)
	text, _ := data["mesh"].(string)
	m := Mesh{Namespace: found.GetNamespace(), Name: found.GetName(), Text: []byte(text)}
	m.Domain = r.domain(ctx, strings.TrimPrefix(m.Name, "istio"))
	if m.Config, err = effective.ParseMesh(m.Text); err != nil {
		r.unread = append(r.unread, fmt.Errorf("reading the ConfigMap %q, so that the mesh's default policy is not known: %w", m.Name, err))
		return Mesh{}
	}
	return m
}

// domain is the cluster's as the injector tells it to sidecars, in the ConfigMap
// of its chart values, istio-sidecar-injector or with -REVISION behind; empty, which
// is target.Domain, where that cannot be read.
func (r *reader) domain(ctx context.Context, ofRevision string) string {
	found, err := r.Objects.Resource(configMaps).Namespace(istioNamespace).Get(ctx, "istio-sidecar-injector"+ofRevision, metav1.GetOptions{})
	if err != nil {
		return ""
	}
	data, _ := found.Object["data"].(map[string]any)
	text, _ := data["values"].(string)
	var values struct {
		Global struct {
			Proxy struct {
				ClusterDomain string `json:"clusterDomain"`
			} `json:"proxy"`
		} `json:"global"`
	}
	if json.Unmarshal([]byte(text), &values) != nil {
		return ""
	}
	return values.Global.Proxy.ClusterDomain
}

// suffix is what the full names of services end in.
func (m Mesh) suffix() string { return ".svc." + cmp.Or(m.Domain, target.Domain) }

// meshOfRevision is the ConfigMap istio-REVISION, where there is one.
func (r *reader) meshOfRevision(ctx context.Context) (*object, error) {
	var all []*object
	err := r.each(ctx, configMaps, istioNamespace, func(o *object) {
		data, _ := o.Object["data"].(map[string]any)
		if _, has := data["mesh"].(string); has && strings.HasPrefix(o.GetName(), "istio-") {
			all = append(all, o)
		}
	})
	if err != nil {
		return nil, err
	}
	if len(all) == 1 {
		return all[0], nil
	}
	var names []string
	for _, o := range all {
		names = append(names, o.GetName())
	}
	slices.Sort(names)
	return nil, fmt.Errorf("namespace %q has no ConfigMap \"istio\", and %d of revisions %q", istioNamespace, len(all), names)
}
