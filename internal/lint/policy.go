package lint

import (
	"time"

	"go.yaml.in/yaml/v3"
)

// policy is a trafficPolicy, or an entry of portLevelSettings, as far as it
// matters to the breaker.
type policy struct {
	path    string
	scope   string // port 80, subset v2; empty for the rule's own
	port    string // of an entry of portLevelSettings
	at      Position
	outlier *block // nil where there is none
	// balancing is whether it has a loadBalancer, which replaces an outer one.
	balancing   bool
	balancingAt Position
	balancer    string
	locality    *bool
	localizing  bool          // it has a setting of zones, which the mesh's gives way to
	spread      bool          // that says which are called
	connect     time.Duration // connectTimeout; 0 where it is not set
	connectAt   Position
	ports       []policy
}

// policyAt reads a policy; nil where there is none.
func (l *Linter) policyAt(o *object, n *yaml.Node, at Position, path, scope string) *policy {
	n = resolved(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	p := &policy{path: path, scope: scope, at: at}
	if key, lb := get(n, "loadBalancer"); lb != nil {
		p.balancing, p.balancingAt, p.balancer = true, o.at(key), word(lb, "simple")
		_, locality := get(lb, "localityLbSetting")
		_, zones := get(lb, "zoneAwareLbSetting")
		p.localizing = locality != nil || zones != nil
		p.spread = zones != nil || len(items(locality, "distribute")) > 0 || len(items(locality, "failoverPriority")) > 0
		if _, hash := get(lb, "consistentHash"); hash != nil {
			p.balancer = "CONSISTENT_HASH"
		}
		switch word(lb, "localityLbSetting", "enabled") {
		case "true":
			p.locality = new(true)
		case "false":
			p.locality = new(false)
		}
	}
	if key, connect := get(n, "connectionPool", "tcp", "connectTimeout"); connect != nil {
		if d, err := time.ParseDuration(connect.Value); err == nil {
			p.connect, p.connectAt = d, o.at(key)
		}
	}
	if key, outlier := get(n, "outlierDetection"); outlier != nil && outlier.Kind == yaml.MappingNode && template(outlier) == "" {
		p.outlier = l.block(o, outlier, o.at(key), dotted(path, "outlierDetection"), scope)
	}
	for i, item := range items(n, "portLevelSettings") {
		number := word(item, "port", "number")
		port := "port " + number
		if scope != "" {
			port = scope + ", " + port
		}
		if inner := l.policyAt(o, item, o.at(resolved(item)), dotted(path, "portLevelSettings", index(i)), port); inner != nil {
			inner.port = number
			p.ports = append(p.ports, *inner)
		}
	}
	return p
}

// over is the inner policy with what it takes from the outer one: block by block,
// where it is a subset's.
func (p policy) over(outer *policy) policy {
	if outer == nil {
		return p
	}
	if !p.balancing {
		p.balancer, p.locality, p.localizing, p.spread = outer.balancer, outer.locality, outer.localizing, outer.spread
	}
	p = p.through(outer)
	if p.connect == 0 {
		p.connect, p.connectAt = outer.connect, outer.connectAt
	}
	return p
}

// through is the inner policy where an outer one's PASSTHROUGH makes the type of the
// cluster, which takes no other balancer. Source: istio
// pilot/pkg/networking/core/cluster_builder.go, buildSubsetCluster.
func (p policy) through(outer *policy) policy {
	if outer != nil && outer.balancer == passthrough {
		p.balancer = passthrough
	}
	return p
}

const passthrough = "PASSTHROUGH"
