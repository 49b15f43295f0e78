package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// destinationRule is one, as far as it matters to the breaker.
type destinationRule struct {
	*object
	host      string
	hostAt    Position
	hostGiven bool
	blocks    []*block
	heirs     []heir
	// at are the blocks by what they are for; nil where a port has none by its entry.
	at      map[place]*block
	subsets map[string]bool // that it declares
	dated
}

// place is what a block is for; both empty: all that no other is for.
type place struct{ subset, port string }

// blockOf is the block that holds for a subset and a port, either of which may be
// empty; nil where none does.
func (r *destinationRule) blockOf(subset, port string) *block {
	if subset != "" && !r.subsets[subset] {
		return nil // callers have no cluster for it
	}
	for _, p := range []place{{subset, port}, {subset, ""}, {"", port}, {"", ""}} {
		if b, is := r.at[p]; is {
			return b
		}
	}
	if port != "" {
		return nil
	}
	for _, b := range r.blocks { // of a port, which the caller does not name
		if b.subset == subset || b.subset == "" {
			return b
		}
	}
	return nil
}

// heir is a subset that has the rule's own block: in a cluster of its own, whose
// pods may be fewer.
type heir struct {
	subset, path string
	at           Position
	labels       map[string]string
	block        *block
	policy       *policy // with what it takes from the rule's; nil where it has none
}

func (l *Linter) destinationRule(o *object, root *yaml.Node) {
	l.named(o, root)
	key, spec := get(root, "spec")
	if spec != nil && spec.Kind != yaml.MappingNode {
		l.add(o.found(badValue, o.at(key), "spec", fmt.Sprintf("spec is %s, and has to be a mapping: the API server refuses the object.", kinds[spec.Kind]), istioCRD, "write its fields below it"))
	}
	l.schema(o, spec, ruleMessage, "spec")
	key, given := get(spec, "host")
	r := &destinationRule{object: o, host: word(spec, "host"), hostAt: o.at(key), at: map[place]*block{}, subsets: map[string]bool{}}
	if key == nil {
		r.hostAt = o.place
	}
	r.hostGiven = given != nil && (given.Kind != yaml.ScalarNode || given.Value != "") // another kind is said by schema
	if r.hostGiven {
		l.hosted[[2]string{l.within(o), o.name}] = true
	}
	r.dated = datedOf(o.text, root)
	key, node := get(spec, "trafficPolicy")
	top := l.policyAt(o, node, o.at(key), dotted("spec", "trafficPolicy"), "")
	l.layer(r, top, nil, "", nil)
	for i, item := range items(spec, "subsets") {
		name := word(item, "name")
		if r.subsets[name] {
			l.add(o.found(badValue, o.at(resolved(item)), dotted("spec", "subsets", index(i), "name"), fmt.Sprintf("There are two subsets %q: Istio's webhook refuses the object.", name), istioRule, "give each a name of its own"))
		}
		r.subsets[name] = true
		key, node := get(item, "trafficPolicy")
		inner := l.policyAt(o, node, o.at(key), dotted("spec", "subsets", index(i), "trafficPolicy"), "subset "+name)
		if inner != nil {
			l.layer(r, inner, top, name, labels(item, "labels"))
		}
		if top != nil && top.outlier != nil && (inner == nil || inner.outlier == nil) {
			h := heir{subset: name, path: dotted("spec", "subsets", index(i)), at: o.at(resolved(item)), labels: labels(item, "labels"), block: top.outlier}
			if inner != nil {
				h.policy = new(inner.over(top))
			}
			r.heirs = append(r.heirs, h)
		}
	}
	if len(r.blocks) > 0 {
		l.exported(r, spec)
	}
	l.rules = append(l.rules, r)
}

// layer takes the blocks of a policy and of its ports, and looks for what one
// takes from another. Source: istio pilot/pkg/networking/util/util.go,
// MergeSubsetTrafficPolicy.
func (l *Linter) layer(r *destinationRule, p, outer *policy, subset string, of map[string]string) {
	if p == nil {
		return
	}
	effective := p.over(outer)
	var above *block
	if outer != nil {
		above = outer.outlier
	}
	if p.outlier != nil {
		l.take(r, effective, subset, of)
		l.replaces(p.outlier, above)
		above = p.outlier
	}
	for _, port := range p.ports {
		if subset != "" { // whose cluster's type is made before its ports are looked at
			port = port.through(&effective)
		}
		switch {
		case port.outlier != nil:
			l.take(r, port, subset, of)
			l.replaces(port.outlier, above)
		case above != nil:
			f := r.found(portLoses, port.at, port.path,
				fmt.Sprintf("The policy for %s replaces the whole trafficPolicy, and has no outlierDetection: on that port nothing is ever ejected.", port.scope),
				pilotMerge, "repeat outlierDetection in it, or take it away")
			if outer == nil && l.options.Mesh.Config.GetDefaultTrafficPolicy().GetOutlierDetection() != nil {
				f.Severity, f.Text = Warning, fmt.Sprintf("The policy for %s replaces the whole trafficPolicy, and has no outlierDetection: on that port the mesh's default is in force.", port.scope)
			}
			l.add(f)
			r.at[place{subset, port.port}] = nil
		default:
			r.at[place{subset, port.port}] = nil
		}
	}
}

// take is a block with what its policy says beside it.
func (l *Linter) take(r *destinationRule, p policy, subset string, of map[string]string) {
	b := p.outlier
	l.balanced(b, p)
	b.connect, b.connectAt, b.host, b.subset, b.labels = p.connect, p.connectAt, r.host, subset, of
	r.blocks = append(r.blocks, b)
	r.at[place{subset, p.port}] = b
}

// balanced gives a block the balancer of a policy, and the zones that it calls, which
// the mesh says where the policy does not.
func (l *Linter) balanced(b *block, p policy) {
	b.rule.Balancer, b.rule.Locality, b.rule.Spread = p.balancer, p.locality, p.spread
	if off, spread := l.options.Mesh.Locality(); !p.localizing {
		b.rule.Spread = spread
		if off {
			b.rule.Locality = new(false)
		}
	}
}

// replaces finds fields that an outer block has and an inner one does not repeat.
func (l *Linter) replaces(inner, outer *block) {
	if outer == nil {
		return
	}
	var lost []string
	for _, name := range slices.Sorted(maps.Keys(outer.set)) {
		if _, has := inner.set[name]; !has && byName(outlierMessage, name) != nil {
			lost = append(lost, name)
		}
	}
	if len(lost) == 0 {
		return
	}
	l.add(inner.found(blockReplaced, "", fmt.Sprintf("The outlierDetection for %s replaces the outer one as a whole: %s of it %s not in force here, Envoy's default is.",
		inner.scope, strings.Join(lost, ", "), map[bool]string{true: "is", false: "are"}[len(lost) == 1]), pilotMerge, "repeat what is to hold"))
}
