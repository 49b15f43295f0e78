package effective

// Prepared are rules of which several callers have something: what is so for each
// of them is found once.
type Prepared struct {
	mesh    Mesh
	rules   []Object // sorted
	exports []map[string]bool
	pools   map[poolOf]map[string][]*merged // by host
}

// poolOf is a namespace's pool, of the rules for a service's host.
type poolOf struct {
	namespace, host string
	pool
}

// Prepare takes rules of all namespaces, in any order.
func Prepare(rules []Object, mesh Mesh) *Prepared {
	p := &Prepared{mesh: mesh, rules: sorted(rules), pools: map[poolOf]map[string][]*merged{}}
	for _, o := range p.rules {
		p.exports = append(p.exports, exportOf(o))
	}
	return p
}

// mergedOf is what istiod makes of the candidates that a step looks at, by host.
func (l *lookup) mergedOf(s step, candidates []int) map[string][]*merged {
	key := poolOf{s.namespace, l.service.Host, s.pool}
	byHost, known := l.pools[key]
	if known {
		return byHost
	}
	byHost = map[string][]*merged{}
	for _, i := range candidates {
		if o := l.rules[i]; o.Namespace == s.namespace && l.admits(s.pool, i) {
			host := l.mesh.fullHost(o)
			byHost[host] = merge(byHost[host], i, o, l.exports[i])
		}
	}
	l.pools[key] = byHost
	return byHost
}
