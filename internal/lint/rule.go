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
	host   string
	hostAt Position
	blocks []*block
	heirs  []heir
	dated
}

// heir is a subset that has the rule's own block: in a cluster of its own, whose
// pods may be fewer.
type heir struct {
	subset, path string
	at           Position
	labels       map[string]string
	block        *block
}

func (l *Linter) destinationRule(o *object, root *yaml.Node) {
	_, spec := get(root, "spec")
	l.schema(o, spec, ruleMessage, "spec")
	key, _ := get(spec, "host")
	r := &destinationRule{object: o, host: word(spec, "host"), hostAt: o.at(key)}
	if key == nil {
		r.hostAt = o.place
	}
	r.dated = datedOf(o.text, root)
	key, node := get(spec, "trafficPolicy")
	top := l.policyAt(o, node, o.at(key), dotted("spec", "trafficPolicy"), "")
	l.layer(r, top, nil, nil)
	for i, item := range items(spec, "subsets") {
		name := word(item, "name")
		key, node := get(item, "trafficPolicy")
		inner := l.policyAt(o, node, o.at(key), dotted("spec", "subsets", index(i), "trafficPolicy"), "subset "+name)
		if inner != nil {
			l.layer(r, inner, top, labels(item, "labels"))
		}
		if top != nil && top.outlier != nil && (inner == nil || inner.outlier == nil) {
			r.heirs = append(r.heirs, heir{subset: name, path: dotted("spec", "subsets", index(i)), at: o.at(resolved(item)), labels: labels(item, "labels"), block: top.outlier})
		}
	}
	l.rules = append(l.rules, r)
}

// layer takes the blocks of a policy and of its ports, and looks for what one
// takes from another. Source: istio pilot/pkg/networking/util/util.go,
// MergeSubsetTrafficPolicy.
func (l *Linter) layer(r *destinationRule, p, outer *policy, of map[string]string) {
	if p == nil {
		return
	}
	effective := p.over(outer)
	var above *block
	if outer != nil {
		above = outer.outlier
	}
	if p.outlier != nil {
		r.take(effective, of)
		l.replaces(p.outlier, above)
		above = p.outlier
	}
	for _, port := range p.ports {
		switch {
		case port.outlier != nil:
			r.take(port, of)
			l.replaces(port.outlier, above)
		case above != nil:
			f := r.found(portLoses, port.at, port.path,
				fmt.Sprintf("The policy for %s replaces the whole trafficPolicy, and has no outlierDetection: on that port nothing is ever ejected.", port.scope),
				pilotMerge, "repeat outlierDetection in it, or take it away")
			if outer == nil && l.options.Mesh.Config.GetDefaultTrafficPolicy().GetOutlierDetection() != nil {
				f.Severity, f.Text = Warning, fmt.Sprintf("The policy for %s replaces the whole trafficPolicy, and has no outlierDetection: on that port the mesh's default is in force.", port.scope)
			}
			l.add(f)
		}
	}
}

// take is a block with what its policy says beside it.
func (r *destinationRule) take(p policy, of map[string]string) {
	b := p.outlier
	b.rule.Balancer, b.rule.Locality = p.balancer, p.locality
	b.connect, b.connectAt, b.host, b.labels = p.connect, p.connectAt, r.host, of
	r.blocks = append(r.blocks, b)
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
