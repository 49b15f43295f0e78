package effective

import meshconfig "istio.io/api/mesh/v1alpha1"

// Mesh is what the mesh says for all.
type Mesh struct {
	// Config is MeshConfig, of which rootNamespace, defaultTrafficPolicy,
	// defaultDestinationRuleExportTo and localityLbSetting are looked at.
	Config *meshconfig.MeshConfig
	// Domain of the cluster; empty is cluster.local.
	Domain string
	// Revision of the caller's istiod; empty takes the rules of all revisions.
	Revision string
}

// Caller is whose Envoy it is: a sidecar or a gateway, which istiod does not tell
// apart here. A gateway's own namespace is often the root namespace, which does
// make a difference.
type Caller struct {
	Namespace string
	Labels    map[string]string
}

// Service is what is called.
type Service struct {
	// Host is the full name, as in Envoy's name of the cluster.
	Host string
	// Namespace is the Service's or ServiceEntry's.
	Namespace string
	// Port is the Service's, not the pods'.
	Port uint32
	// Subset is empty for the host as a whole.
	Subset string
}
