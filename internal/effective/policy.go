package effective

import (
	"slices"
	"strconv"

	networking "istio.io/api/networking/v1alpha3"
)

// from is the object and the path that something comes from.
type from struct{ object, path string }

// block is a part of a policy that holds or does not hold as a whole.
type block[T any] struct {
	from
	value *T // nil where there is none
}

// blocks are the parts of a policy that are looked at.
type blocks struct {
	outlier  block[networking.OutlierDetection]
	balancer block[networking.LoadBalancerSettings]
	tls      block[networking.ClientTLSSettings]
}

// settings are what a trafficPolicy and an entry of its portLevelSettings share.
type settings interface {
	GetOutlierDetection() *networking.OutlierDetection
	GetLoadBalancer() *networking.LoadBalancerSettings
	GetTls() *networking.ClientTLSSettings
}

func blocksOf(object, path string, s settings) blocks {
	return blocks{
		block[networking.OutlierDetection]{from{object, path + ".outlierDetection"}, s.GetOutlierDetection()},
		block[networking.LoadBalancerSettings]{from{object, path + ".loadBalancer"}, s.GetLoadBalancer()},
		block[networking.ClientTLSSettings]{from{object, path + ".tls"}, s.GetTls()},
	}
}

// portOf is the first entry for a port. Source: istio
// pilot/pkg/networking/util/util.go, GetPortLevelTrafficPolicy.
func portOf(p *networking.TrafficPolicy, port uint32) (int, *networking.TrafficPolicy_PortTrafficPolicy) {
	for i, s := range p.GetPortLevelSettings() {
		if s.GetPort() != nil && s.GetPort().GetNumber() == port {
			return i, s
		}
	}
	return 0, nil
}

// layers puts the levels of policies over each other.
type layers struct {
	now    blocks
	policy Origin // the host's
	// through is where PASSTHROUGH comes from that holds whatever the balancer says.
	through *from
	hidden  []Considered
}

// hide notes a block that is there and does not hold.
func hide[T any](l *layers, b block[T], code Code, text string) {
	if b.value != nil {
		l.hidden = append(l.hidden, Considered{Object: b.object, Path: b.path, Code: code, Text: text})
	}
}

func (l *layers) hideAll(b blocks, code Code, text string) {
	hide(l, b.outlier, code, text)
	hide(l, b.balancer, code, text)
	hide(l, b.tls, code, text)
}

// level is the blocks of a policy for a port, where they are, and whether they are
// the port's own, which replace those of the policy with what they leave out.
func (l *layers) level(p policyOf, port uint32) (now blocks, path string, all bool) {
	whole := blocksOf(p.of.String(), p.path, p.TrafficPolicy)
	i, own := portOf(p.TrafficPolicy, port)
	if own == nil {
		return whole, p.path, false
	}
	path = p.path + ".portLevelSettings[" + strconv.Itoa(i) + "]"
	l.hideAll(whole, PortLevel, "For port "+strconv.Itoa(int(port))+" "+path+" replaces the whole policy.")
	return blocksOf(p.of.String(), path, own), path, true
}

// over puts an inner block over the one that holds so far: where it is there, or
// where its level replaces all.
func over[T any](l *layers, now *block[T], inner block[T], all bool) {
	if inner.value == nil && !all {
		return
	}
	text := "The subset's own block replaces it as a whole."
	if inner.value == nil {
		text = "The subset's entry for the port replaces all, and has none."
	}
	hide(l, *now, SubsetLevel, text)
	*now = inner
}

// layered is what holds of a merged rule. Source: istio
// pilot/pkg/networking/core/cluster_builder.go, applyDestinationRule and
// buildSubsetCluster; pilot/pkg/networking/util/util.go, MergeSubsetTrafficPolicy.
func layered(m *merged, mesh Mesh, service Service) layers {
	var l layers
	if m != nil && m.policy.TrafficPolicy != nil {
		l.policy.Object = m.policy.of.String()
		l.now, l.policy.Path, _ = l.level(m.policy, service.Port)
	}
	l.meshDefault(mesh)
	outer := l.now.balancer
	if s := m.subset(service.Subset); s != nil && s.GetTrafficPolicy() != nil {
		inner, _, all := l.level(policyOf{s.of, s.path + ".trafficPolicy", s.GetTrafficPolicy()}, service.Port)
		over(&l, &l.now.outlier, inner.outlier, all)
		over(&l, &l.now.balancer, inner.balancer, all)
		over(&l, &l.now.tls, inner.tls, all)
		raw := blocksOf(s.of.String(), s.path+".trafficPolicy", s.GetTrafficPolicy()).balancer
		l.passthrough(outer, raw)
	}
	return l
}

// meshDefault is in force where the rule has no outlierDetection for the port.
// Source: istio pilot/pkg/networking/core/cluster_traffic_policy.go,
// applyDefaultTrafficPolicy, which comes before the subsets.
func (l *layers) meshDefault(mesh Mesh) {
	own := block[networking.OutlierDetection]{from{meshConfig, "defaultTrafficPolicy.outlierDetection"}, mesh.outlier()}
	if l.now.outlier.value == nil {
		if own.value != nil {
			l.now.outlier = own
		}
		return
	}
	hide(l, own, RuleLevel, "The rule's block replaces it as a whole.")
}

// passthrough: a subset's cluster is of the type that the host's is, and that of
// PASSTHROUGH has no other balancer; a subset's own PASSTHROUGH makes the type
// before its ports are looked at. Source: istio
// pilot/pkg/networking/core/cluster_builder.go, buildSubsetCluster, and
// cluster_traffic_policy.go, the end of applyTrafficPolicy.
func (l *layers) passthrough(levels ...block[networking.LoadBalancerSettings]) {
	const through = networking.LoadBalancerSettings_PASSTHROUGH
	for _, b := range levels {
		if l.through == nil && b.value.GetSimple() == through && l.now.balancer.value.GetSimple() != through {
			l.hidden = slices.DeleteFunc(l.hidden, func(c Considered) bool { return c.Object == b.object && c.Path == b.path })
			hide(l, l.now.balancer, Passthrough, "PASSTHROUGH in "+b.path+" makes the cluster of a type that takes no other balancer.")
			l.through = &b.from
		}
	}
}

// subset is the merged rule's of a name; nil where it has none.
func (m *merged) subset(name string) *subsetOf {
	if m == nil || name == "" {
		return nil
	}
	for i := range m.subsets {
		if m.subsets[i].GetName() == name {
			return &m.subsets[i]
		}
	}
	return nil
}
