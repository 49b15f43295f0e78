package lint

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/effective"
)

// loss is where a rule is not in force that would be, were it the only one.
type loss struct {
	*contest
	rule   rival
	subset string // of the rule, which is lost; empty: its policy
	losers []loser
	all    bool // no caller has it
}

// loser is a caller, and what it has instead.
type loser struct {
	caller
	effective.Result
	why effective.Considered // of the rule
	off bool                 // it would have outlier detection, and has none
}

// loses is which callers a rule is not in force for; nil where each has it that
// would have it without the others. The callers are those that istiod could find it
// for, which may be all.
func (c *contest) loses(r rival, callers []caller, whole bool) *loss {
	subsets := []string{""} // where each caller has its policy, it has its subsets
	for _, s := range r.Spec.GetSubsets() {
		subsets = append(subsets, s.GetName())
	}
	for _, subset := range subsets {
		if subset != "" && whole && c.subsets[subset] < 2 {
			continue
		}
		lost := &loss{contest: c, rule: r, subset: subset, all: true}
		for _, from := range callers {
			with := c.all(from, subset)
			if hasOf(with, r, subset) {
				lost.all = false
				continue
			}
			whole = false
			if !mayHave(r, from) {
				continue
			}
			alone := c.alone(r, from, subset)
			why, _ := with.Why(r.full)
			// What else a rule loses to one that was put before it is not ours.
			if !hasOf(alone, r, subset) || !alone.Rule.Enabled && (!with.Rule.Enabled || meant[why.Code]) {
				continue
			}
			lost.losers = append(lost.losers, loser{from, with, why, alone.Rule.Enabled && !with.Rule.Enabled})
		}
		if len(lost.losers) > 0 {
			return lost
		}
	}
	return nil
}

// mayHave is false where a rule's exportTo leaves a caller out, whatever others there are.
func mayHave(r rival, from caller) bool {
	to := r.Spec.GetExportTo()
	return len(to) == 0 || slices.ContainsFunc(to, func(n string) bool {
		return n == "*" || n == "." || n == "~" || n == from.namespace || n == r.Object.Namespace
	})
}

// hasOf is whether something of a rule is in force: of a subset that very subset,
// else the policy.
func hasOf(has effective.Result, r rival, subset string) bool {
	if subset != "" {
		return has.Subset.Object == r.full
	}
	return has.Policy.Object == r.full
}

// wideLoss is what is told of a wildcard's losses: the worst, and of how many
// further hosts that is so. It keeps no contest.
type wideLoss struct {
	Finding
	off    bool
	others int
}

// and is the worse of two losses of one rule, with the hosts of both.
func (w *wideLoss) and(l *loss) *wideLoss {
	switch {
	case w == nil:
		return &wideLoss{Finding: l.finding(), off: l.off()}
	case l.off() && !w.off:
		w.Finding, w.off = l.finding(), true
	}
	w.others++
	return w
}

func (w *wideLoss) ofAll() Finding {
	if w.others > 0 {
		w.Text += fmt.Sprintf(" So it is for %s.", breaker.Count(w.others, "further host"))
	}
	return w.Finding
}

// meant are reasons for which a rule is hidden by one that was put before it.
var meant = map[effective.Code]bool{effective.FartherNamespace: true, effective.WiderHost: true, effective.SelectedRule: true}

func (l *loss) off() bool { return slices.ContainsFunc(l.losers, func(o loser) bool { return o.off }) }

func (l *loss) finding() Finding {
	what := "this rule"
	if l.subset != "" {
		what = fmt.Sprintf("the subset %q of this rule", l.subset)
	}
	text := fmt.Sprintf("For callers of %s in %s %s is not in force.", l.host, l.names(func(loser) bool { return true }), what)
	if l.all {
		text = fmt.Sprintf("For no caller of %s %s is in force.", l.host, what)
	}
	if l.off() {
		text += fmt.Sprintf(" Without any outlier detection are those in %s", l.names(func(o loser) bool { return o.off }))
		if l.mesh.Config == nil {
			text += ", unless the mesh's own policy, which was not read, has one"
		}
		text += "."
	}
	merged := slices.ContainsFunc(l.losers, func(o loser) bool { return !meant[o.why.Code] })
	if l.byAge() {
		text += " That is so if the rules were made in the order of the texts, which do not say; else it is the other way round."
	}
	f := l.rule.found(twoRules, l.rule.hostAt, "spec.host", text, pilotRules, "merge the rules into one, or nothing, if that is meant")
	if !merged && !l.off() {
		f.Severity = Info
	}
	f.Callers = l.groups()
	return f
}

// byAge is whether the texts do not say which rule is older, and it matters.
func (l *loss) byAge() bool {
	if !l.undated {
		return false
	}
	if l.reversed == nil {
		l.reversed = new(*l.contest)
		l.reversed.rules = slices.Clone(l.rules)
		for i := range l.reversed.rules {
			l.reversed.rules[i].Created = time.Unix(int64(-i), 0)
		}
		l.reversed.settle()
	}
	return slices.ContainsFunc(l.losers, func(o loser) bool { return hasOf(l.reversed.all(o.caller, l.subset), l.rule, l.subset) })
}

func (l *loss) names(of func(loser) bool) string {
	var all []string
	for _, o := range l.losers {
		if of(o) {
			all = append(all, o.caller.String())
		}
	}
	return few(all)
}

// mostNames is how many names a sentence has at most.
const mostNames = 20

func few(names []string) string {
	if more := len(names) - mostNames; more > 0 {
		return fmt.Sprintf("%s and %s", strings.Join(names[:mostNames], ", "), breaker.Count(more, "other"))
	}
	return strings.Join(names, ", ")
}

// reason is why a caller does not have the rule, and where that stands which it has.
func (l *loss) reason(o loser) string {
	text, has := o.why.Text, o.Policy.Object
	if l.subset != "" && o.Subset.Object != "" {
		has = o.Subset.Object
		if !meant[o.why.Code] {
			text = fmt.Sprintf("istiod merges it with %s, which comes before it and has a subset of the name.", has)
		}
	}
	if place := l.places[has]; place != "" {
		text = strings.TrimSuffix(text, ".") + fmt.Sprintf(" (%s is in %s).", has, place)
	}
	return text
}

// notNil is a list that machines find empty, not null.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// groups puts callers that have the same together.
func (l *loss) groups() (all []Callers) {
	at := map[string]int{}
	for _, o := range l.losers {
		why := l.reason(o)
		key := fmt.Sprint(why, o.Objects, o.NoCluster, o.Fields)
		i, known := at[key]
		if !known {
			i = len(all)
			at[key] = i
			all = append(all, Callers{Host: l.host, Subset: l.subset, Why: why, Rules: notNil(o.Objects), NoCluster: o.NoCluster, Fields: notNil(o.Fields)})
		}
		all[i].From = append(all[i].From, o.caller.String())
	}
	return all
}
