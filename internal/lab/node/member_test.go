package node

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNodesTakeZonesInTurn(t *testing.T) {
	tests := []struct {
		shape Shape
		want  []string
	}{
		{Shape{}, []string{"lab in /"}},
		{Shape{Nodes: 1, Zones: 1}, []string{"lab in lab/lab-a"}},
		{Shape{Nodes: 2}, []string{"lab in /", "lab-2 in /"}},
		{Shape{Nodes: 3, Zones: 2}, []string{"lab in lab/lab-a", "lab-2 in lab/lab-b", "lab-3 in lab/lab-a"}},
	}
	for _, tt := range tests {
		var got []string
		for _, m := range tt.shape.Members() {
			got = append(got, m.Name+" in "+m.Region+"/"+m.Zone)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tt.shape, diff)
		}
	}
}

func TestNoTwoNodesShareAnAddress(t *testing.T) {
	for nodes := 1; nodes <= MaxNodes; nodes++ {
		shape := Shape{Nodes: nodes}
		members := shape.Members()
		services := netip.MustParsePrefix(serviceCIDR)
		for i, m := range members {
			pods := netip.MustParsePrefix(m.PodCIDR)
			if !pods.Contains(netip.MustParseAddr(m.Address)) || !pods.Contains(netip.MustParseAddr(m.FirstPod)) {
				t.Errorf("%d nodes: %+v has addresses outside of its range", nodes, m)
			}
			if nodes > 1 && pods.Contains(netip.MustParseAddr(m.Uplink)) || pods.Overlaps(services) {
				t.Errorf("%d nodes: the range of %+v holds addresses that are not its pods'", nodes, m)
			}
			for _, other := range members[:i] {
				if pods.Overlaps(netip.MustParsePrefix(other.PodCIDR)) || m.Uplink == other.Uplink || m.Name == other.Name {
					t.Errorf("%d nodes: %+v and %+v", nodes, m, other)
				}
			}
		}
	}
}

func TestEachNodeHasAWayToEachOther(t *testing.T) {
	shape := Shape{Nodes: 4}
	members := shape.Members()
	for i, from := range members {
		network := shape.Network(i)
		if (i == 0) != network.Uplink.Bridge || network.Uplink.CIDR != from.Uplink+"/24" {
			t.Errorf("%s: uplink is %+v", from.Name, network.Uplink)
		}
		ways := map[string]string{}
		for _, r := range network.Routes {
			ways[r.To] = r.Via
		}
		for j, to := range members {
			if want := to.Uplink; i != j && ways[to.PodCIDR] != want || i == j && ways[to.PodCIDR] != "" {
				t.Errorf("from %s to %s: got %q", from.Name, to.Name, ways[to.PodCIDR])
			}
		}
	}
	if alone := (Shape{Nodes: 1}).Network(0); alone.Uplink != nil || len(alone.Routes) > 0 {
		t.Errorf("a node that is alone: got %+v", alone)
	}
}

func TestShapesThatCannotBeAreTold(t *testing.T) {
	for want, shape := range map[string]Shape{
		"":                                     {Nodes: MaxNodes, Zones: MaxNodes},
		"there can be 1 to 9 nodes, not 0":     {},
		"there can be 1 to 9 nodes, not 10":    {Nodes: 10},
		"2 nodes can be in 1 to 2 zones, not ": {Nodes: 2, Zones: 3},
		"3 nodes can be in 1 to 3 zones, not ": {Nodes: 3, Zones: -1},
	} {
		err := shape.Valid()
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q", shape, err, want)
		}
	}
}
