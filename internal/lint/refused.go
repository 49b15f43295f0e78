package lint

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/spelling"

	"go.yaml.in/yaml/v3"
)

const (
	ruleKind     = "DestinationRule"
	ruleGroup    = "networking.istio.io"
	exportChecks = "istio pkg/config/validation/validation.go, validateExportTo"
)

// ruleVersions are those that Istio's CRD has.
var ruleVersions = []string{"v1", "v1beta1", "v1alpha3"}

// misnamed tells whether an object is a rule whose kind or apiVersion is misspelt: it
// has a breaker's fields.
func misnamed(kind, group string, root *yaml.Node) bool {
	_, spec := get(root, "spec")
	switch {
	case kind == ruleKind && group != ruleGroup:
		if group != "" && !strings.HasSuffix(group, "istio.io") && spelling.Nearest(group, []string{ruleGroup}) == "" {
			return false // of somebody else
		}
	case group == ruleGroup && spelling.Nearest(kind, []string{ruleKind}) == "", group != ruleGroup:
		return false
	}
	return holds(spec, deepest+2)
}

// named finds a kind and an apiVersion that no API server with Istio has.
func (l *Linter) named(o *object, root *yaml.Node) {
	refuse := func(field, value, fix string) {
		key, _ := get(root, field)
		at := o.place
		if key != nil {
			at = o.at(key)
		}
		l.add(o.found(badValue, at, field, fmt.Sprintf("The %s of a DestinationRule is not %q: the API server refuses the object.", field, value), istioCRD, fix))
	}
	if o.kind != ruleKind {
		refuse("kind", o.kind, "write "+ruleKind)
	}
	if group, version, _ := strings.Cut(word(root, "apiVersion"), "/"); group != ruleGroup || !slices.Contains(ruleVersions, version) {
		refuse("apiVersion", word(root, "apiVersion"), "write "+ruleGroup+"/v1")
	}
}

// hostless finds a rule without a host, unless it is a patch of one that was read.
func (l *Linter) hostless(r *destinationRule) {
	if r.hostGiven || len(r.blocks) == 0 || r.kind == meshKind || l.hosted[[2]string{l.within(r.object), r.name}] {
		return
	}
	l.add(r.found(badValue, r.hostAt, "spec.host", "The rule has no host: the API server refuses the object.", istioCRD, "write the host; of a patch lint what `kustomize build` makes of it"))
}

var namespaceName = regexp.MustCompile(`^[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$`)

// exported finds an exportTo that Istio's webhook refuses.
func (l *Linter) exported(r *destinationRule, spec *yaml.Node) {
	key, _ := get(spec, "exportTo")
	_, selector := get(spec, "workloadSelector")
	own, why := l.within(r.object), ""
	to := map[string]bool{}
	for _, item := range items(spec, "exportTo") {
		n := resolved(item)
		if n == nil || n.Kind != yaml.ScalarNode {
			return
		}
		name := n.Value
		if name == "." {
			name = own
		}
		switch {
		case to[name]:
			why = fmt.Sprintf("exportTo has %q twice", n.Value)
		case name == "~":
			why = "exportTo ~ is for ServiceEntries alone"
		case name != "*" && !namespaceName.MatchString(name):
			why = fmt.Sprintf("exportTo %q is no namespace, and neither . nor *", n.Value)
		}
		to[name] = true
	}
	switch {
	case why != "" || len(to) == 0:
	case to["*"] && len(to) > 1:
		why = "exportTo has * and others"
	case selector != nil && (len(to) > 1 || !to[own]):
		why = "A rule with a workloadSelector is for its own namespace alone, and exportTo is " + strings.Join(slices.Sorted(maps.Keys(to)), ", ")
	}
	if why != "" {
		l.add(r.found(badValue, r.text.at(key), "spec.exportTo", why+": Istio's webhook refuses the object.", exportChecks, "write the namespaces that are meant, or leave it out for all"))
	}
}
