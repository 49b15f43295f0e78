// Package layout reads layouts of DestinationRules, in which internal/effective is
// tested: by itself, and end to end against what a real istiod makes of the same
// objects.
package layout

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"sigs.k8s.io/yaml"

	"istio-circuit-breaker/internal/effective"
)

// Places are the names that are a cluster's own. A layout has placeholders for
// them: CLIENT, ROOT and DOMAIN.
type Places struct {
	Client string // namespace of the callers
	Root   string // the mesh's root namespace
	Domain string // of the cluster
}

// Layout is DestinationRules, a mesh's configuration, and calls.
type Layout struct {
	// Name is the file's, without its ending.
	Name string `json:"-"`
	// Rules as a cluster takes them, in no order.
	Rules []json.RawMessage `json:"rules"`
	// Mesh is what MeshConfig has beside its defaults; nil for nothing.
	Mesh    map[string]any    `json:"mesh"`
	Callers map[string]Caller `json:"callers"`
	Calls   []Call            `json:"calls"`
	// Renew are callers that have what is computed only if they are new: a rule
	// that gets a workloadSelector, or one that is merged into such a rule, is not
	// pushed to the callers that lose it by that. Measured on Istio 1.31: they keep
	// the cluster that they had.
	Renew []string `json:"renew"`
	// Config is Mesh, read.
	Config *meshconfig.MeshConfig `json:"-"`
	places Places
}

// Caller is a pod with a sidecar, or a gateway.
type Caller struct {
	Namespace string            `json:"namespace"`
	Labels    map[string]string `json:"labels"`
	Gateway   bool              `json:"gateway"`
}

// Call is who calls what.
type Call struct {
	From string `json:"from"`
	Host string `json:"host"`
	// Namespace is of a ServiceEntry; a Service's is in its host.
	Namespace string `json:"namespace"`
	Port      uint32 `json:"port"`
	Subset    string `json:"subset"`
}

// Read reads the layouts of a folder, in the order of their names.
func Read(folder string, places Places) ([]Layout, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("reading layouts: %w", err)
	}
	var all []Layout
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading layouts: %w", err)
		}
		l, err := parse(string(text), places)
		if err != nil {
			return nil, fmt.Errorf("reading the layout %q: %w", file, err)
		}
		l.Name = strings.TrimSuffix(filepath.Base(file), ".yaml")
		all = append(all, l)
	}
	return all, nil
}

func parse(text string, places Places) (Layout, error) {
	text = strings.NewReplacer("CLIENT", places.Client, "ROOT", places.Root, "DOMAIN", places.Domain).Replace(text)
	l := Layout{places: places}
	if err := yaml.UnmarshalStrict([]byte(text), &l); err != nil {
		return l, err
	}
	mesh, err := yaml.Marshal(l.Mesh)
	if err != nil {
		return l, err
	}
	if l.Config, err = effective.ParseMesh(mesh); err != nil {
		return l, err
	}
	for _, c := range l.Calls {
		if _, is := l.Callers[c.From]; !is {
			return l, fmt.Errorf("finding the caller %q: there is none", c.From)
		}
	}
	return l, nil
}

// Objects are the rules, read.
func (l Layout) Objects() ([]effective.Object, error) {
	var all []effective.Object
	for _, text := range l.Rules {
		o, err := effective.ParseObject(text)
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// Compute is what a caller of the layout has, with rules that may have been read
// again from a cluster, which dates them. Istiod's own revision is "default".
func (l Layout) Compute(rules []effective.Object, c Call) effective.Result {
	from := l.Callers[c.From]
	mesh := effective.Mesh{Config: l.Config, Domain: l.places.Domain, Revision: "default"}
	return effective.Compute(rules, mesh, effective.Caller{Namespace: from.Namespace, Labels: from.Labels},
		effective.Service{Host: c.Host, Namespace: c.Of(), Port: c.Port, Subset: c.Subset})
}

// Of is the service's namespace.
func (c Call) Of() string {
	if c.Namespace != "" {
		return c.Namespace
	}
	_, rest, _ := strings.Cut(c.Host, ".")
	namespace, _, _ := strings.Cut(rest, ".")
	return namespace
}

// Cluster is Envoy's name of what is called. Source: istio
// pilot/pkg/model/service.go, BuildSubsetKey.
func (c Call) Cluster() string {
	return fmt.Sprintf("outbound|%d|%s|%s", c.Port, c.Subset, c.Host)
}

func (c Call) String() string { return c.From + " calls " + c.Cluster() }
