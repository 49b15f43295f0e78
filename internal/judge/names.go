package judge

import (
	"fmt"
	"slices"
	"strings"
)

// Phases of a proof, in their order.
const (
	Preflight = "preflight" // client, sidecar, rule and statistics are there
	Mix       = "mix"       // callers get both 200 and 504
	Off       = "off"       // nothing is ever ejected: for outlier.enabled=false
	Never     = "never"     // nothing is ever ejected: for errors that the rule does not count
	Trip      = "trip"      // each faulty pod goes, at the threshold
	Clean     = "clean"     // no errors from a pod that is out
	Return    = "return"    // each comes back, after the base time
	Second    = "second"    // the next ejection is longer
	Backoff   = "backoff"   // after a quiet time it is short again
	Counters  = "counters"  // Envoy's counters tell the same
	Healthy   = "healthy"   // no healthy pod was ejected
)

// All phases of a life, in their order. Off and Never have no part in it.
func All() []string {
	return []string{Preflight, Mix, Trip, Clean, Return, Second, Backoff, Counters, Healthy}
}

// Once is a life up to the first return.
func Once() []string {
	return []string{Preflight, Mix, Trip, Clean, Return, Counters, Healthy}
}

// ParsePhases reads a list such as "trip,clean": names of phases, "all" or
// "once"; what a phase needs to have happened is added to it.
func ParsePhases(list string) ([]string, error) {
	chosen := map[string]bool{Preflight: true}
	for name := range strings.SplitSeq(list, ",") {
		switch name = strings.TrimSpace(name); name {
		case "all":
			add(chosen, All()...)
		case "once":
			add(chosen, Once()...)
		case Off:
			add(chosen, Mix, Off, Counters)
		case Never:
			add(chosen, Mix, Never, Counters, Healthy)
		case Clean, Return:
			add(chosen, Trip, name)
		case Second:
			add(chosen, Trip, Return, name)
		case Backoff:
			add(chosen, Trip, Return, Second, name)
		case Healthy:
			add(chosen, Mix, name)
		case Preflight, Mix, Trip, Counters:
			add(chosen, name)
		default:
			return nil, fmt.Errorf("phase %q: not one of all, once, %s, %s, %s", name, strings.Join(All(), ", "), Off, Never)
		}
	}
	if chosen[Counters] && !chosen[Off] && !chosen[Never] { // they count ejections
		add(chosen, Trip)
	}
	switch {
	case chosen[Off] && chosen[Trip]:
		return nil, fmt.Errorf("phases %q: %s is for a breaker that is off, and excludes %s", list, Off, Trip)
	case chosen[Never] && (chosen[Trip] || chosen[Off]):
		return nil, fmt.Errorf("phases %q: %s is for errors that the rule does not count, and excludes %s and %s", list, Never, Trip, Off)
	}
	var phases []string
	for _, name := range slices.Insert(All(), 2, Off, Never) {
		if chosen[name] {
			phases = append(phases, name)
		}
	}
	return phases, nil
}

func add(set map[string]bool, names ...string) {
	for _, name := range names {
		set[name] = true
	}
}
