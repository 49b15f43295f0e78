package node

import (
	"fmt"
	"strings"

	"istio-circuit-breaker/internal/lab/sandbox"
)

// Shape is how many nodes a cluster has, in how many zones. The zero Shape is
// one node that says nothing of zones.
type Shape struct {
	Nodes int `json:"nodes"`
	Zones int `json:"zones"` // 0: nodes say nothing of zones
}

// MaxNodes is how many nodes there can be: each takes memory, and there are only
// so many names of zones.
const MaxNodes = 9

// Valid says what is wrong with a Shape.
func (s Shape) Valid() error {
	switch {
	case s.Nodes < 1 || s.Nodes > MaxNodes:
		return fmt.Errorf("there can be 1 to %d nodes, not %d", MaxNodes, s.Nodes)
	case s.Zones < 0 || s.Zones > s.Nodes:
		return fmt.Errorf("%d nodes can be in 1 to %d zones, not in %d", s.Nodes, s.Nodes, s.Zones)
	}
	return nil
}

// Member is one of the cluster's nodes.
type Member struct {
	Name     string
	Address  string // on its own bridge
	PodCIDR  string
	FirstPod string // the first address of a pod
	Uplink   string // its address on the bridge between nodes
	Region   string // "" where nodes say nothing of zones
	Zone     string
}

// region is that of all nodes; zones are named after it, as clouds do.
const region = "lab"

// Members lists the nodes, the first of which holds the control plane. A node
// that is alone has all of the pods' addresses.
func (s Shape) Members() []Member {
	var members []Member
	for i := range max(s.Nodes, 1) {
		m := Member{
			Name:    fmt.Sprintf("%s-%d", Name, i+1),
			Address: fmt.Sprintf("198.18.%d.1", i), FirstPod: fmt.Sprintf("198.18.%d.10", i),
			PodCIDR: fmt.Sprintf("198.18.%d.0/24", i),
			Uplink:  fmt.Sprintf("198.18.255.%d", i+1),
		}
		if i == 0 {
			m.Name = Name
		}
		if s.Nodes <= 1 {
			m.PodCIDR = podCIDR
		}
		if s.Zones > 0 {
			m.Region, m.Zone = region, fmt.Sprintf("%s-%c", region, 'a'+i%s.Zones)
		}
		members = append(members, m)
	}
	return members
}

// How nodes reach each other: the first one's bridge, and what a further one
// sees of it.
const (
	nodesBridge = "nodes0"
	nodesDevice = "eth0"
)

// Network is what the sandbox of the node i has to provide.
func (s Shape) Network(i int) sandbox.Network {
	members := s.Members()
	own := members[i]
	_, bits, _ := strings.Cut(own.PodCIDR, "/")
	n := sandbox.Network{Bridge: Bridge, BridgeCIDR: own.Address + "/" + bits, ServiceCIDR: serviceCIDR}
	if len(members) == 1 {
		return n
	}
	n.Uplink = &sandbox.Uplink{Device: nodesDevice, CIDR: own.Uplink + "/24"}
	if i == 0 {
		n.Uplink.Device, n.Uplink.Bridge = nodesBridge, true
	}
	for j, other := range members {
		if j != i {
			n.Routes = append(n.Routes, sandbox.Route{To: other.PodCIDR, Via: other.Uplink})
		}
	}
	return n
}

// Joint is how the sandbox of a further node is joined to the first one's.
func (m Member) Joint() *sandbox.Joint {
	return &sandbox.Joint{Bridge: nodesBridge, Port: m.Name, Device: nodesDevice}
}
