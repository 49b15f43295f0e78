package effective

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// merged are the rules of one host and namespace that istiod takes for one.
// Source: istio pilot/pkg/model/push_context.go, ConsolidatedDestRule.
type merged struct {
	exportTo map[string]bool
	selector *map[string]string // of the first; nil where it has none
	from     []Object           // the first leads
	at       []int              // their places among all
	policy   policyOf
	subsets  []subsetOf
}

// policyOf is a trafficPolicy and whose it is.
type policyOf struct {
	of   Object
	path string
	*networking.TrafficPolicy
}

// subsetOf is a subset and whose it is.
type subsetOf struct {
	of   Object
	path string
	*networking.Subset
}

// sorted are the rules in the order in which istiod merges them: those with a
// workloadSelector first, then the oldest. Source: istio
// pilot/pkg/model/push_context.go, sortConfigBySelectorAndCreationTime.
func sorted(rules []Object) []Object {
	rules = slices.Clone(rules)
	slices.SortStableFunc(rules, func(a, b Object) int {
		return cmp.Or(unselected(a)-unselected(b), a.Created.Compare(b.Created), strings.Compare(a.Name, b.Name), strings.Compare(a.Namespace, b.Namespace))
	})
	return rules
}

// unselected is 1 where a rule is for all workloads, for sorting.
func unselected(o Object) int {
	if o.Spec.GetWorkloadSelector() == nil {
		return 1
	}
	return 0
}

func selectorOf(o Object) *map[string]string {
	s := o.Spec.GetWorkloadSelector()
	if s == nil {
		return nil
	}
	return new(s.GetMatchLabels())
}

// exportOf is a rule's exportTo; one with a workloadSelector is for its own
// namespace. Source: istio pilot/pkg/model/push_context.go, setDestinationRules.
func exportOf(o Object) map[string]bool {
	if o.Spec.GetWorkloadSelector() != nil {
		return map[string]bool{".": true}
	}
	set := map[string]bool{}
	for _, to := range o.Spec.GetExportTo() {
		set[to] = true
	}
	return set
}

func start(i int, o Object, to map[string]bool) *merged {
	m := &merged{exportTo: to, selector: selectorOf(o), from: []Object{o}, at: []int{i}}
	m.take(o)
	return m
}

// take adds a rule's policy, where there is none yet, and its subsets, where there
// are none of the name.
func (m *merged) take(o Object) {
	if p := o.Spec.GetTrafficPolicy(); p != nil && m.policy.TrafficPolicy == nil {
		m.policy = policyOf{o, "spec.trafficPolicy", p}
	}
	before := len(m.subsets)
	for i, s := range o.Spec.GetSubsets() {
		if s != nil && !slices.ContainsFunc(m.subsets[:before], func(has subsetOf) bool { return has.GetName() == s.GetName() }) {
			m.subsets = append(m.subsets, subsetOf{o, "spec.subsets[" + strconv.Itoa(i) + "]", s})
		}
	}
}

// merge puts the next rule to those of the same host. Source: istio
// pilot/pkg/model/destination_rule.go, mergeDestinationRule, with
// ENABLE_ENHANCED_DESTINATIONRULE_MERGE, which is on by default. It is followed to
// the letter, for what comes of it is not what its comments say:
//
//   - A rule whose exportTo has all of an older one's and more is merged into that,
//     and does not stand for itself: callers of the others lose it.
//   - A rule without a selector, but with exportTo ".", is merged into one with a
//     selector, and callers that are not selected lose it.
func merge(list []*merged, i int, o Object, to map[string]bool) []*merged {
	selector := selectorOf(o)
	apart := true
	for _, m := range list {
		switch {
		case maps.Equal(to, m.exportTo):
			apart = false
		case len(m.exportTo) > 0 && superset(to, m.exportTo):
			apart = true
		default:
			apart = true
			continue
		}
		both, none := selector != nil && m.selector != nil, selector == nil && m.selector == nil
		if both && !maps.Equal(*selector, *m.selector) {
			apart = true
			continue
		}
		if both || none {
			apart = false
		}
		m.from, m.at = append(m.from, o), append(m.at, i)
		m.take(o)
	}
	if apart {
		list = append(list, start(i, o, to))
	}
	return list
}

func superset(a, b map[string]bool) bool {
	for k := range b {
		if !a[k] {
			return false
		}
	}
	return true
}
