package lint

import (
	"fmt"

	"istio-circuit-breaker/internal/breaker"
)

// What may be spent on who has which of the rules of one host, and on all hosts: in
// steps of less than a microsecond each, or some ten bytes that are kept meanwhile.
const (
	mostOfHost = 300_000
	mostWork   = 9_000_000
	// Steps of a rule that is looked at at all, of one with a caller of its own
	// namespace, and of one with any other caller, which often loses it.
	stepsOfRule, stepsOfOwn, stepsOfPair = 15, 20, 60
)

// work is what was spent, and the hosts that were left out for it.
type work struct {
	steps int
	first *destinationRule // of the first host that was left out
	hosts int
}

// affords is whether so much may be spent on a host, and spends it.
func (w *work) affords(steps int, first *destinationRule) bool {
	if steps > mostOfHost || w.steps+steps > mostWork {
		if w.first == nil {
			w.first = first
		}
		w.hosts++
		return false
	}
	w.steps += steps
	return true
}

// finding says so of the hosts that were left out.
func (w *work) finding(l *Linter) (Finding, bool) {
	if w.first == nil {
		return Finding{}, false
	}
	text := fmt.Sprintf("There are so many rules for %s that it was not looked into which callers have which of them.", l.fullHost(w.first.host, w.first.object))
	if w.hosts > 1 {
		text += fmt.Sprintf(" So it is for %s.", breaker.Count(w.hosts-1, "further host"))
	}
	return w.first.found(twoRules, w.first.hostAt, "spec.host", text, pilotRules, "merge the rules of a host into fewer, or lint fewer at once"), true
}

// work is about how much it takes to say who has what: pairs of rules that are
// merged, the rules of each caller, and each caller that may lose a rule. All of it
// for each subset.
func (c *contest) work(callers []caller) int {
	byNamespace, names, shared := map[string]int{}, map[string]bool{}, 0
	for _, from := range callers {
		byNamespace[from.namespace]++
	}
	for _, r := range c.rules {
		if c.shares(r) {
			shared++
		}
	}
	most, each, steps := shared, 0, shared*shared/8
	for _, from := range callers {
		each += shared
		if from.namespace != c.service && from.namespace != c.root() {
			each += len(c.of[from.namespace])
		}
	}
	for namespace, of := range c.of {
		if namespace != c.service && namespace != c.root() {
			most = max(most, shared+len(of))
			steps += len(of) * (len(of) + 2*shared) / 8
		}
	}
	if shared*len(callers) > mostOfHost {
		return shared * len(callers)
	}
	pairs := 0
	for _, r := range c.rules {
		of := 1
		for _, s := range r.Spec.GetSubsets() {
			of++
			names[s.GetName()] = true
		}
		if !c.shares(r) {
			pairs += of * byNamespace[r.Object.Namespace]
			steps += of * byNamespace[r.Object.Namespace] * stepsOfOwn
			continue
		}
		pairs += of * len(callers)
		for _, from := range callers {
			if mayHave(r, from) {
				steps += of * stepsOfPair
			}
			steps++
		}
	}
	return steps + min(pairs*most, each*(1+len(names)))
}
