package effective

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	meshconfig "istio.io/api/mesh/v1alpha1"
	networking "istio.io/api/networking/v1alpha3"
	"sigs.k8s.io/yaml"

	"istio-circuit-breaker/internal/breaker/istiorule"
)

// Istio's defaults. Source: istio pkg/config/mesh/mesh.go, DefaultMeshConfig.
const (
	rootNamespace = "istio-system"
	domain        = "cluster.local"
)

// meshConfig stands for it where an object is named.
const meshConfig = "MeshConfig"

// ParseMesh reads MeshConfig's YAML, as in the key mesh of the ConfigMap istio.
// What a later Istio has is left out.
func ParseMesh(text []byte) (*meshconfig.MeshConfig, error) {
	asJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, fmt.Errorf("decoding MeshConfig: %w", err)
	}
	config := &meshconfig.MeshConfig{}
	if string(asJSON) == "null" {
		return config, nil
	}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(asJSON, config); err != nil {
		return nil, fmt.Errorf("decoding MeshConfig: %w", err)
	}
	return config, nil
}

func (m Mesh) root() string {
	if r := m.Config.GetRootNamespace(); r != "" {
		return r
	}
	return rootNamespace
}

func (m Mesh) domain() string {
	if m.Domain == "" {
		return domain
	}
	return m.Domain
}

// outlier is the mesh's own, of Istio 1.31; nil where there is none.
func (m Mesh) outlier() *networking.OutlierDetection {
	return m.Config.GetDefaultTrafficPolicy().GetOutlierDetection()
}

// localityOff is whether the mesh has locality load balancing switched off.
// Source: istio pilot/pkg/networking/core/loadbalancer/loadbalancer.go,
// GetEffectiveLbSetting.
func (m Mesh) localityOff() bool {
	enabled := m.Config.GetLocalityLbSetting().GetEnabled()
	return m.Config.GetZoneAwareLbSetting() == nil && enabled != nil && !enabled.GetValue()
}

// Locality is whether the mesh has locality load balancing switched off, and whether
// it says which zones are called, where a rule says nothing of either.
func (m Mesh) Locality() (off, spread bool) {
	return m.localityOff(), istiorule.Spread(m.Config.GetLocalityLbSetting(), m.Config.GetZoneAwareLbSetting())
}

// sees is whether the mesh's istiod reads an object of a revision. Source: istio
// pkg/config/model.go, LabelsInRevision.
func (m Mesh) sees(revision string) bool {
	return revision == "" || m.Revision == "" || revision == m.Revision
}
