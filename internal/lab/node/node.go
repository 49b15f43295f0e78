package node

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"istio-circuit-breaker/internal/lab/sandbox"
)

// The lab's network. The ranges are those that RFC 2544 reserves for
// benchmarks: they meet no VPN and no office network.
const (
	Bridge       = "lab0"
	Address      = "198.18.0.1" // of the first node, on the bridge
	podCIDR      = "198.18.0.0/16"
	serviceCIDR  = "198.19.0.0/16"
	FirstService = "198.19.0.1" // the API server, as pods see it
	Domain       = "cluster.local"
	// Name is the first node's name; those of others begin with it.
	Name = "lab"
	// APIServer is where the API server answers in the lab's network.
	APIServer = "127.0.0.1:6443"
	// Registry is where the lab's images are pushed to and pulled from; a host
	// called localhost is spoken to over plain HTTP.
	Registry = "localhost:5000"
)

// Node is one that is written down and can be run.
type Node struct {
	Member
	Network sandbox.Network
	Daemons []sandbox.Daemon
	Files   map[string]string // configuration, by path
}

// Describe says all that decides how the nodes run, but for their keys: daemons
// with their flags, and configuration. Another description is another cluster.
func (p Paths) Describe() (string, error) {
	var all []any
	for i, own := range p.each() {
		all = append(all, own.daemons(), own.files(), p.Shape.Network(i))
	}
	text, err := json.Marshal(all)
	if err != nil {
		return "", fmt.Errorf("describing the node: %w", err)
	}
	return string(text), nil
}

// Nodes lists them, the first of which holds the control plane.
func (p Paths) Nodes() []Node {
	var nodes []Node
	for i, own := range p.each() {
		files := map[string]string{own.Kubeconfig: own.kubeconfig()}
		for name, content := range own.files() {
			files[own.etc(name)] = content
		}
		nodes = append(nodes, Node{own.member, p.Shape.Network(i), own.daemons(), files})
	}
	return nodes
}

// Write writes keys and configuration of all nodes, which then can be run. Keys that
// are there stay: what pods and clients have is signed by them.
func Write(p Paths, now time.Time) ([]Node, error) {
	for _, dir := range []string{p.PKI, p.RegistryData, p.DockerData} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("making the node's folders: %w", err)
		}
	}
	for _, own := range p.each() {
		if err := own.write(); err != nil {
			return nil, err
		}
	}
	if _, _, err := Validity(p.PKI); err == nil {
		return p.Nodes(), nil
	}
	return p.Nodes(), writePKI(p.PKI, now)
}

// write writes the configuration of one node.
func (p Paths) write() error {
	for _, dir := range []string{p.Etc, filepath.Join(p.Etc, "cni"), p.Logs, p.data} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("making the node's folders: %w", err)
		}
	}
	for name, content := range p.files() {
		if err := os.MkdirAll(filepath.Dir(p.etc(name)), 0o755); err != nil {
			return fmt.Errorf("making the node's folders: %w", err)
		}
		if err := os.WriteFile(p.etc(name), []byte(content), 0o644); err != nil {
			return fmt.Errorf("writing the node's configuration: %w", err)
		}
	}
	if err := os.WriteFile(p.Kubeconfig, []byte(p.kubeconfig()), 0o600); err != nil {
		return fmt.Errorf("writing the kubeconfig: %w", err)
	}
	return nil
}
