package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/board"
	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

func kicker(r *Report) string {
	what := map[string]string{"verify": "proof", "watch": "watched run", "compare": "comparison"}[r.Runs[0].Header.Command]
	if what == "" && len(r.Runs[0].Phases) > 0 {
		what = "proof"
	}
	if what == "" {
		what = "recorded run"
	}
	return "Istio circuit breaker · " + what
}

func runHeading(run *Run, i int) string {
	if run.Header.Command == "compare" || run.Header.Label != "" {
		if run.Header.Rule.Enabled {
			return "Breaker on"
		}
		return "Breaker off"
	}
	return fmt.Sprintf("Run %d", i+1)
}

// where a run took place.
func where(run *Run) []fact {
	h := run.Header
	if h.Version == 0 {
		return nil
	}
	place := service(h)
	for _, part := range [][2]string{{" in namespace ", clean(h.Namespace)}, {", context ", clean(h.Context)}} {
		if part[1] != "" {
			place += part[0] + part[1]
		}
	}
	return []fact{{"Where", place}}
}

func when(run *Run) fact {
	return fact{"When", run.Began.Format("2 January 2006, 15:04:05 ") + run.Began.Location().String()}
}

// facts are when a run took place, and under which load.
func facts(run *Run) []fact {
	return []fact{when(run), {"How long", whole(run.Seconds)}, {"Load", run.Load.words()}}
}

// service is the host without what every host of the namespace ends with.
func service(h timeline.Header) string {
	name, _, _ := strings.Cut(clean(h.Service), ".")
	return name
}

// story is a run in two sentences.
func story(run *Run) []string {
	var first *Out
	var pod string
	ejections, out := 0, 0
	for _, p := range run.Pods {
		n := 0
		for i := range p.Outs {
			o := &p.Outs[i]
			if o.Number == 0 {
				continue
			}
			if n++; first == nil || o.From < first.From {
				first, pod = o, p.Name
			}
		}
		if ejections += n; n > 0 {
			out++
		}
	}
	if first == nil {
		if len(run.Pods) == 0 {
			return nil
		}
		return []string{fmt.Sprintf("No pod was ejected, of %d.", len(run.Pods))}
	}
	s := fmt.Sprintf("%s was the first pod out, %s after the start", pod, seconds(first.From))
	if first.Errors > 0 {
		least := ""
		if first.AtLeast {
			least = "at least "
		}
		s += fmt.Sprintf(" and after %s%s in a row", least, count(first.Errors, "error"))
	}
	if first.Returned {
		s += ", for " + seconds(first.Seconds())
	}
	all := "There were no other ejections."
	if ejections > 1 {
		all = fmt.Sprintf("There were %d ejections in all, of %d of %s.", ejections, out, count(len(run.Pods), "pod"))
	}
	return []string{s + ".", all}
}

// reason is why a proof does not agree, or what it lacks.
type reason struct{ Name, Text, Class string }

// reasons are what the proof named for what it refuted, and what is missing for
// what it did not prove.
func reasons(run *Run) []reason {
	var all []reason
	add := func(r reason) {
		if r.Text = clean(r.Text); r.Text != "" && !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	for _, p := range run.Phases {
		switch stated(p) {
		case timeline.Refuted:
			add(reason{"Cause", p.Diagnosis, "differs"})
		case timeline.NotProven:
			add(reason{"Missing", p.Missing, "unproven"})
			add(reason{"Cause", p.Diagnosis, "unproven"})
		}
	}
	return all
}

// raw are the facts of the recording itself.
func raw(run *Run) []fact {
	h := run.Header
	all := []fact{{"Format version", fmt.Sprint(h.Version)}, {"Command", clean(h.Command)}, {"Label", clean(h.Label)}, {"Context", clean(h.Context)},
		{"Namespace", clean(h.Namespace)}, {"Service", clean(h.Service)}, {"Began", run.Began.Format(time.RFC3339Nano)}}
	if h.Version == 0 {
		return append([]fact{{"Header", "none: the run ended before it began to watch"}, {"Began", run.Began.Format(time.RFC3339Nano)}}, found(run)...)
	}
	if h.Rule.Enabled {
		all = append(all, fact{"Base in force", breaker.Short(h.Rule.Base())}, fact{"Sweep in force", breaker.Short(h.Rule.Sweep())}, fact{"Share in force", fmt.Sprintf("%d %%", h.Rule.Percent())})
	}
	for _, name := range slices.Sorted(maps.Keys(h.Versions)) {
		all = append(all, fact{"Version of " + clean(name), clean(h.Versions[name])})
	}
	if c := h.Claim; c != nil {
		all = append(all, fact{"To be proved", clean(strings.Join(c.Phases, ", "))}, fact{"Load asked for", board.LoadWords(c.Load)})
		if c.ExpectThreshold > 0 {
			all = append(all, fact{"Threshold demanded", count(c.ExpectThreshold, "error") + " in a row"})
		}
		if c.Declared != nil {
			all = append(all, fact{"Rule as declared", c.Declared.Brief()})
		}
	}
	all = append(all, found(run)...)
	var some []fact
	for _, f := range all {
		if f.Value != "" {
			some = append(some, f)
		}
	}
	return some
}

// found is what the run learned of clocks and causes.
func found(run *Run) []fact {
	var all []fact
	for _, c := range run.Clocks {
		all = append(all, fact{"Clock of the " + clean(c.Name), fmt.Sprintf("%+.3f s to %+.3f s from the observer’s (%s)", c.Least.Seconds(), c.Most.Seconds(), clean(c.Source))})
		if c.Name == timeline.SidecarClock && c.Ahead() != 0 {
			all = append(all, fact{"Times of the " + clean(c.Name), fmt.Sprintf("shown %+.3f s from what they are in the recording", -c.Ahead().Seconds())})
		}
	}
	for _, s := range run.Symptoms {
		all = append(all, fact{"Found: " + clean(s.Code), clean(s.Detail) + " (" + clean(s.Source) + ")"})
	}
	return all
}
