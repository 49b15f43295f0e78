package effective

import "slices"

// pool is which rules of a namespace a step of the search looks at. Source: istio
// pilot/pkg/model/push_context.go, destinationRuleIndex.
type pool int

const (
	local    pool = iota // of the caller's own namespace
	private              // of the root namespace, where the caller is in it
	exported             // of another namespace
)

type step struct {
	namespace string
	pool
	words string
}

// steps is where istiod looks for a rule, in this order. Source: istio
// pilot/pkg/model/push_context.go, destinationRule.
func (l *lookup) steps() []step {
	first := step{l.caller.Namespace, local, "the caller's namespace"}
	if l.caller.Namespace == l.mesh.root() {
		first.pool = private
	}
	all := []step{first}
	if l.service.Namespace != "" {
		all = append(all, step{l.service.Namespace, exported, "the service's namespace"})
	}
	return append(all, step{l.mesh.root(), exported, "the root namespace"})
}

// admits is whether a pool has a rule of its namespace. Source: istio
// pilot/pkg/model/push_context.go, setDestinationRules.
func (p *Prepared) admits(in pool, i int) bool {
	o, to := p.rules[i], p.exports[i]
	own := len(to) == 1 && (to["."] || to[o.Namespace]) ||
		len(to) == 0 && slices.Contains(p.mesh.Config.GetDefaultDestinationRuleExportTo(), ".")
	switch in {
	case local:
		return len(to) == 0 || to["*"] || to["."] || to[o.Namespace]
	case private:
		return own
	default:
		return !own
	}
}

// lookup finds the rule of a caller, and keeps why the others do not count.
type lookup struct {
	*Prepared
	caller  Caller
	service Service
	why     map[int]Considered
}

// candidates are the rules that are for the host, as far as istiod sees them.
func (l *lookup) candidates() []int {
	var all []int
	for i, o := range l.rules {
		host := l.mesh.fullHost(o)
		switch {
		case !l.mesh.sees(o.Revision):
			l.settle(i, OtherRevision, "It is of revision %q, and the caller's istiod is %q.", o.Revision, l.mesh.Revision)
		case !covers(host, l.service.Host):
			l.settle(i, OtherHost, "It is for %s.", host)
		default:
			all = append(all, i)
		}
	}
	return all
}

// find is what istiod has for the caller before it looks at selectors, and where it
// was found. What there is in the caller's own namespace ends the search.
func (l *lookup) find(candidates []int) ([]*merged, step) {
	for _, s := range l.steps() {
		byHost := l.mergedOf(s, candidates)
		if len(byHost) == 0 {
			continue
		}
		if found := l.take(byHost, s); len(found) > 0 {
			return found, s
		}
	}
	return nil, step{}
}

// take is what a step finds; nil where the search goes on.
func (l *lookup) take(byHost map[string][]*merged, s step) []*merged {
	var hosts []string
	for h := range byHost {
		hosts = append(hosts, h)
	}
	best := mostSpecific(hosts, l.service.Host)
	for h, list := range byHost {
		for _, m := range list {
			if h != best {
				l.settleAll(m, WiderHost, "A rule of its namespace is for %s, which is more specific than %s.", best, h)
			}
		}
	}
	if s.pool != exported {
		return byHost[best]
	}
	var out []*merged
	for _, m := range byHost[best] {
		if len(m.exportTo) == 0 || m.exportTo["*"] || m.exportTo[l.caller.Namespace] {
			out = append(out, m)
			continue
		}
		l.settleExport(m)
	}
	return out
}

// choose is the one of the found that holds: the first whose selector is for the
// caller, else the last without a selector. Source: istio
// pilot/pkg/model/sidecar.go, SidecarScope.DestinationRule.
func (l *lookup) choose(found []*merged) *merged {
	var chosen *merged
	for _, m := range found {
		if m.selector == nil {
			chosen = m
			continue
		}
		if m.from[0].Namespace == l.caller.Namespace && selects(l.caller.Labels, *m.selector) {
			return m
		}
	}
	return chosen
}

// selects is whether labels have all that a selector asks for.
func selects(labels, selector map[string]string) bool {
	for k, v := range selector {
		if has, is := labels[k]; !is || has != v {
			return false
		}
	}
	return true
}
