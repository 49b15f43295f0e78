package effective

import (
	"fmt"
	"slices"
	"strings"
)

// Code is why a rule, or a part of one, counts or does not.
type Code string

const (
	// InForce: something of the rule is in the caller's cluster.
	InForce Code = "in-force"
	// OtherRevision: the caller's istiod does not read it.
	OtherRevision Code = "other-revision"
	// OtherHost: its host is not the service's.
	OtherHost Code = "other-host"
	// OtherNamespace: istiod never looks into its namespace for this caller.
	OtherNamespace Code = "other-namespace"
	// NotExported: its exportTo leaves the caller's namespace out.
	NotExported Code = "not-exported"
	// FartherNamespace: a namespace that comes before has a rule.
	FartherNamespace Code = "farther-namespace"
	// WiderHost: a rule of its namespace has a more specific host.
	WiderHost Code = "wider-host"
	// OtherWorkloads: its workloadSelector is not for the caller.
	OtherWorkloads Code = "other-workloads"
	// SelectedRule: a rule with a workloadSelector for the caller comes before it.
	SelectedRule Code = "selected-rule"
	// OtherExport: a later rule of the host with another exportTo holds.
	OtherExport Code = "other-export"
	// OlderRule: it is merged with an older one, whose trafficPolicy holds.
	OlderRule Code = "older-rule"
	// Merged: it adds subsets to the rule in force, and no policy.
	Merged Code = "merged"
	// PortLevel: an entry of portLevelSettings replaces it.
	PortLevel Code = "port-level"
	// SubsetLevel: the subset's own policy replaces it.
	SubsetLevel Code = "subset-level"
	// Passthrough: PASSTHROUGH of another level holds for all balancers.
	Passthrough Code = "passthrough"
	// RuleLevel: a rule's block replaces the mesh's default.
	RuleLevel Code = "rule-level"
)

// Considered is a rule, or a part of one, and whether it counts.
type Considered struct {
	Object string `json:"object"` // namespace/name, or MeshConfig
	// Path is empty for a rule as a whole.
	Path string `json:"path,omitempty"`
	Code Code   `json:"code"`
	Text string `json:"text"`
}

// settle notes why a rule does not count, unless that is known.
func (l *lookup) settle(i int, code Code, format string, args ...any) {
	if _, known := l.why[i]; !known {
		l.why[i] = Considered{Object: l.rules[i].String(), Code: code, Text: fmt.Sprintf(format, args...)}
	}
}

// settleAll does it for the rules of a merged one.
func (l *lookup) settleAll(m *merged, code Code, format string, args ...any) {
	for _, i := range m.at {
		l.settle(i, code, format, args...)
	}
}

// settleExport notes who is not exported, and by whose exportTo.
func (l *lookup) settleExport(m *merged) {
	to := words(m.exportTo)
	for n, i := range m.at {
		switch n {
		case 0:
			l.settle(i, NotExported, "Its exportTo is %s, without the caller's namespace.", to)
		default:
			l.settle(i, NotExported, "istiod merges it into %s, whose exportTo is %s, without the caller's namespace.", m.from[0], to)
		}
	}
}

// settleChosen notes what is in force of the rules that were merged into the
// chosen one: its policy is one rule's, and so is each subset.
func (l *lookup) settleChosen(m *merged) {
	if m == nil {
		return
	}
	for n, i := range m.at {
		o := m.from[n]
		policy := m.policy.TrafficPolicy != nil && m.policy.of.String() == o.String()
		subset := slices.ContainsFunc(m.subsets, func(s subsetOf) bool {
			return l.service.Subset != "" && s.GetName() == l.service.Subset && s.of.String() == o.String()
		})
		switch {
		case policy:
			l.settle(i, InForce, "Its trafficPolicy holds.")
		case subset:
			l.settle(i, InForce, "Its subset %s holds.", l.service.Subset)
		case o.Spec.GetTrafficPolicy() != nil:
			l.settle(i, OlderRule, "istiod merges it with %s, which comes before it and whose trafficPolicy holds; of this one only new subsets count.", m.policy.of)
		default:
			l.settle(i, Merged, "It has no trafficPolicy of its own, and its subsets are those of the host.")
		}
	}
}

// settleFound notes why the others that were found do not hold.
func (l *lookup) settleFound(found []*merged, chosen *merged) {
	for _, m := range found {
		switch {
		case m == chosen:
		case m.selector != nil && !selects(l.caller.Labels, *m.selector):
			for n, i := range m.at {
				if m.from[n].Spec.GetWorkloadSelector() != nil {
					l.settle(i, OtherWorkloads, "Its workloadSelector is not for the caller.")
				} else {
					l.settle(i, OtherWorkloads, "istiod merges it into %s, whose workloadSelector is not for the caller: both have exportTo %q.", m.from[0], ".")
				}
			}
		case chosen.selector != nil:
			l.settleAll(m, SelectedRule, "The workloadSelector of %s is for the caller.", chosen.from[0])
		default:
			l.settleAll(m, OtherExport, "%s is for the same host with another exportTo, and istiod takes the last of such rules.", chosen.from[0])
		}
	}
}

// settleRest notes why istiod never came to a rule for the host.
func (l *lookup) settleRest(candidates []int, at step, found bool) {
	steps := l.steps()
	for _, i := range candidates {
		if _, known := l.why[i]; known {
			continue
		}
		o := l.rules[i]
		looked, kept := false, false
		for _, s := range steps {
			if o.Namespace == s.namespace {
				looked = true
				kept = kept || l.admits(s.pool, i)
			}
		}
		switch {
		case !looked:
			l.settle(i, OtherNamespace, "istiod looks into %s, and never into its namespace.", l.looked())
		case !kept:
			l.settle(i, NotExported, "Its exportTo is %s, without the caller's namespace.", words(l.exports[i]))
		case found:
			l.settle(i, FartherNamespace, "istiod looks no further than %s, %s, where there is a rule for the host.", at.words, at.namespace)
		}
	}
}

// looked are the namespaces in which istiod looks.
func (l *lookup) looked() string {
	var all []string
	for _, s := range l.steps() {
		if !slices.Contains(all, s.namespace) {
			all = append(all, s.namespace)
		}
	}
	return strings.Join(all, ", ")
}

func words(set map[string]bool) string {
	if len(set) == 0 {
		return "the mesh's default"
	}
	var all []string
	for k := range set {
		all = append(all, k)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
