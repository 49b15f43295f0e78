// Command istiod prints what istiod makes of each layout of a folder: for each call
// Envoy's cluster, as a config dump has it. It is istiod's own code, of the version
// that the lab is built from, without a cluster around it.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/networking/core"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/host"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/config/protocol"
	"istio.io/istio/pkg/log"
	"sigs.k8s.io/yaml"
)

// layout is one of internal/effective/layout, with the names that its test takes.
type layout struct {
	Rules   []json.RawMessage `json:"rules"`
	Mesh    map[string]any    `json:"mesh"`
	Callers map[string]struct {
		Namespace string            `json:"namespace"`
		Labels    map[string]string `json:"labels"`
		Gateway   bool              `json:"gateway"`
	} `json:"callers"`
	Calls []struct {
		From      string `json:"from"`
		Host      string `json:"host"`
		Namespace string `json:"namespace"`
		Port      int    `json:"port"`
		Subset    string `json:"subset"`
	} `json:"calls"`
}

const domain = "cluster.local"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: istiod FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "istiod:", err)
		os.Exit(1)
	}
}

func run(folder string) error {
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return err
	}
	all := map[string][]dump{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		if all[name], err = dumps(string(text)); err != nil {
			return fmt.Errorf("taking the layout %q: %w", file, err)
		}
	}
	text, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		return err
	}
	fmt.Println(string(text))
	return nil
}

// dump is a config dump of one cluster, or of none.
type dump struct {
	Configs []configured `json:"configs"`
}

type configured struct {
	Cluster json.RawMessage `json:"cluster"`
}

func dumps(text string) ([]dump, error) {
	text = strings.NewReplacer("CLIENT", "layout-client", "ROOT", "istio-system", "DOMAIN", domain).Replace(text)
	var l layout
	if err := yaml.UnmarshalStrict([]byte(text), &l); err != nil {
		return nil, err
	}
	o, err := l.options()
	if err != nil {
		return nil, err
	}
	f := &failer{}
	defer f.end()
	istiod := core.NewConfigGenTest(f, o)
	var all []dump
	for _, c := range l.Calls {
		from := l.Callers[c.From]
		proxy := &model.Proxy{ConfigNamespace: from.Namespace, Labels: from.Labels,
			Metadata: &model.NodeMetadata{Namespace: from.Namespace, Labels: from.Labels, IstioVersion: "1.31.0"}}
		if from.Gateway {
			proxy.Type = model.Router
		}
		d := dump{Configs: []configured{}}
		for _, has := range istiod.Clusters(istiod.SetupProxy(proxy)) {
			if strings.TrimSuffix(has.Name, ";") != model.BuildSubsetKey(model.TrafficDirectionOutbound, c.Subset, host.Name(c.Host), c.Port) {
				continue
			}
			// What is not of the breaker would change with every version.
			has.TransportSocket, has.TransportSocketMatches, has.TypedExtensionProtocolOptions, has.Metadata, has.Filters = nil, nil, nil, nil, nil
			has.EdsClusterConfig, has.CircuitBreakers, has.ConnectTimeout = nil, nil, nil
			cluster, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(has)
			if err != nil {
				return nil, err
			}
			d.Configs = append(d.Configs, configured{cluster})
		}
		all = append(all, d)
	}
	return all, nil
}

// options are the layout as istiod's registries and stores have it.
func (l layout) options() (o core.TestOptions, err error) {
	for _, text := range l.Rules {
		parsed, _, err := crd.ParseInputs(string(text)) // validated as by the webhook
		if err != nil {
			return o, err
		}
		for _, c := range parsed {
			// As the client of the API server does before anybody else sees it.
			if config.ObjectInRevision(&c, "default") {
				c.Domain = domain
				o.Configs = append(o.Configs, c)
			}
		}
	}
	text, err := yaml.Marshal(l.Mesh)
	if err != nil {
		return o, err
	}
	if l.Mesh == nil {
		text = nil
	}
	if o.MeshConfig, err = mesh.ApplyMeshConfig(string(text), mesh.DefaultMeshConfig()); err != nil {
		return o, err
	}
	made := map[string]bool{}
	for _, c := range l.Calls {
		if made[c.Host] {
			continue
		}
		made[c.Host] = true
		parts := strings.Split(c.Host, ".")
		if c.Namespace == "" {
			c.Namespace = parts[1]
		}
		o.Services = append(o.Services, &model.Service{Hostname: host.Name(c.Host), DefaultAddress: "192.0.2.1", Resolution: model.ClientSideLB,
			Ports:      model.PortList{{Name: "http", Port: 80, Protocol: protocol.HTTP}, {Name: "http-alt", Port: 8080, Protocol: protocol.HTTP}},
			Attributes: model.ServiceAttributes{Name: parts[0], Namespace: c.Namespace}})
	}
	return o, nil
}
