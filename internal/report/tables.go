package report

import (
	"fmt"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/board"
	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/compare"
	"istio-circuit-breaker/internal/timeline"
)

// table is one of the page. The first cell of a row is its heading.
type table struct {
	Caption string
	Class   string // "stack": on a phone its rows stand under one another
	Head    []string
	Rows    [][]cell
}

// Short tells that a table is not to be divided by a page's end in print.
func (t *table) Short() bool { return len(t.Rows) <= 12 && t.Class == "" || len(t.Rows) <= 4 }

// cell is a field of a table; Class names its look.
type cell struct {
	Text, Class string
	// List are lines of their own, beneath the text.
	List []string
	// Bar is a bar of this length in percent; empty for none.
	Bar string
}

// keep drops the columns from n on.
func (t *table) keep(n int) {
	t.Head = t.Head[:n]
	for i := range t.Rows {
		t.Rows[i] = t.Rows[i][:n]
	}
}

// Parts are the text, divided where a line may break within a word.
func (c cell) Parts() []string { return strings.SplitAfter(c.Text, "_") }

func number(s string) cell { return cell{Text: s, Class: "number"} }

// mostTableRows bounds the log of events.
const mostTableRows = 500

// verdictCell shows a result by a sign and a word, not by its colour alone.
func verdictCell(result string) cell {
	switch result {
	case Agrees, string(timeline.Proven):
		return cell{Text: "✓ " + result, Class: "agrees"}
	case Differs, string(timeline.Refuted):
		return cell{Text: "✗ " + result, Class: "differs"}
	case string(timeline.NotProven):
		return cell{Text: "? " + result, Class: "unproven"}
	}
	return cell{Text: "? " + result, Class: "unknown"}
}

func checksTable(r *Run) *table {
	if len(r.Checks) == 0 {
		return nil
	}
	t := &table{Caption: "What the rule says, and what happened", Class: "stack", Head: []string{"What", "Configured", "Measured", "Result", "Tolerance", "Why"}}
	for _, c := range r.Checks {
		t.Rows = append(t.Rows, []cell{{Text: withPod(c.What, c.Pod)}, {Text: c.Configured}, {Text: c.Measured}, verdictCell(c.Result), maybe(c.Tolerance, ""), maybe(c.Why, "small")})
	}
	if len(r.Phases) > 0 { // the phases have the rest
		t.keep(4)
	}
	return t
}

func withPod(what, pod string) string {
	if pod == "" {
		return what
	}
	return what + ", " + pod
}

// maybe is a cell that may have nothing to say.
func maybe(s, class string) cell {
	if s == "" {
		return cell{Text: "–", Class: "none"}
	}
	return cell{Text: s, Class: class}
}

func phasesTable(r *Run) *table {
	if len(r.Phases) == 0 {
		return nil
	}
	t := &table{Caption: "Every phase of the proof", Class: "stack", Head: []string{"Phase", "Expected", "Measured", "Result", "Tolerance", "Took", "Why", "Cause"}}
	for _, p := range r.Phases {
		t.Rows = append(t.Rows, []cell{{Text: withPod(clean(p.Name), clean(p.Pod))}, {Text: clean(p.Expected), Class: "text"}, {Text: clean(p.Measured), Class: "text"}, verdictCell(string(stated(p))),
			maybe(clean(p.Tolerance), ""), number(seconds(p.Took.Seconds())), maybe(clean(p.Why), "small"), maybe(clean(p.Diagnosis), "small")})
	}
	if !slices.ContainsFunc(t.Rows, func(row []cell) bool { return row[7].Class != "none" }) {
		t.keep(7)
	}
	return t
}

// restsTable is what each statement of a proof rests on, and what it lacks.
func restsTable(r *Run) *table {
	t := &table{Caption: "What each statement rests on, and what it lacks", Class: "stack", Head: []string{"Phase", "Result", "Answers", "Evidence", "Missing"}}
	for _, p := range r.Phases {
		if len(p.Evidence) == 0 && p.Answers == 0 && p.Least == 0 && p.Missing == "" {
			continue
		}
		answers, evidence := maybe("", ""), maybe("", "small")
		if p.Answers > 0 || p.Least > 0 {
			answers = cell{Text: fmt.Sprintf("%s of at least %s", many(p.Answers), many(p.Least))}
		}
		if len(p.Evidence) > 0 {
			evidence = cell{Class: "small"}
			for _, line := range p.Evidence {
				evidence.List = append(evidence.List, clean(line))
			}
		}
		t.Rows = append(t.Rows, []cell{{Text: withPod(clean(p.Name), clean(p.Pod))}, verdictCell(string(stated(p))), answers, evidence, maybe(clean(p.Missing), "")})
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return t
}

func latenciesTable(r *Run) *table {
	if len(r.Latencies) == 0 {
		return nil
	}
	t := &table{Caption: "Latency by pod and code", Head: []string{"Pod", "Code", "Answers", "p50", "p90", "p99", "Worst"}}
	row := func(name, code string, l Latency) []cell {
		return []cell{{Text: name}, {Text: code}, number(many(l.Count)), number(latency(l.P50)), number(latency(l.P90)), number(latency(l.P99)), number(latency(l.Worst))}
	}
	for _, l := range r.Latencies[:min(len(r.Latencies), mostTableRows)] {
		name, code := l.Pod, fmt.Sprint(l.Code)
		if name == "" {
			name = "no pod"
		}
		if l.Code == 0 {
			code = "no answer"
		}
		t.Rows = append(t.Rows, row(name, code, l))
	}
	if len(r.Latencies) > 1 {
		took := make([]float64, len(r.answers))
		for i, a := range r.answers {
			took[i] = a.took
		}
		t.Rows = append(t.Rows, row("all", "all", quantiles(took)))
	}
	return t
}

func periodsTable(r *Run) *table {
	if len(r.Periods) == 0 {
		return nil
	}
	t := &table{Caption: "Good answers by when they were asked for", Head: []string{"When", "Share", "Good", "Requests", "From", "Lasted"}}
	for _, p := range r.Periods {
		share := maybe("", "")
		if p.Requests > 0 {
			share = cell{Text: percent(p.Share()), Class: "number", Bar: num(100 * p.Share())}
		}
		t.Rows = append(t.Rows, []cell{{Text: p.What}, share, number(many(p.Good)), number(many(p.Requests)), number(seconds(p.From)), number(seconds(p.Seconds))})
	}
	return t
}

// eventsTable is the log, and a line on what it leaves out.
func eventsTable(r *Run) (*table, string) {
	if len(r.Events) == 0 {
		return nil, ""
	}
	t := &table{Caption: "Everything that happened, in order", Class: "stack", Head: []string{"At", "Time of day", "Event", "Pod", "Detail", "Told by", "Seen after"}}
	shown := r.Events[:min(len(r.Events), mostTableRows)]
	for _, e := range shown {
		seen := maybe("", "")
		if e.Seen >= 0 {
			seen = number(fmt.Sprintf("%.0f ms", 1000*e.Seen))
		}
		t.Rows = append(t.Rows, []cell{{Text: seconds(e.At), Class: "number"}, {Text: r.Began.Add(duration(e.At)).Format("15:04:05.000"), Class: "number"}, {Text: clean(string(e.Kind)), Class: "event"},
			maybe(e.Pod, "name"), maybe(e.detail(), ""), maybe(strings.Join(e.Sources, ", "), ""), seen})
	}
	if left := len(r.Events) - len(shown); left > 0 {
		return t, fmt.Sprintf("These are the first %d; the recording has %s more.", len(shown), many(left))
	}
	return t, ""
}

// detail is what an event tells beside its kind and pod.
func (e Event) detail() string {
	var parts []string
	add := func(s string) {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if e.Kind == timeline.PodEjected {
		add(breaker.Ordinal(max(e.Ejection, 1)) + " time")
		add(board.ErrorsWords(e.Event))
	}
	if e.Out > 0 {
		add("after " + seconds(e.Out.Seconds()))
	}
	add(e.Cause)
	if e.Kind != timeline.PodEjected || !e.AtLeast { // else it is said above
		add(e.Detail)
	}
	if e.Rule != nil {
		add("now " + e.Rule.Brief())
	}
	return strings.Join(parts, ", ")
}

func sidesTable(s Sides) *table {
	t := &table{Caption: "The same load without and with the breaker", Head: []string{"Figure", "Breaker off", "Breaker on"}}
	for _, row := range []struct {
		name string
		of   func(compare.Side) string
	}{
		{"Requests", func(s compare.Side) string { return many(s.Requests) }},
		{"In", func(s compare.Side) string { return seconds(s.Seconds) }},
		{"Good answers", func(s compare.Side) string { return percent(s.SuccessRate) }},
		{"Latency p50", func(s compare.Side) string { return latency(s.P50) }},
		{"Latency p90", func(s compare.Side) string { return latency(s.P90) }},
		{"Latency p99", func(s compare.Side) string { return latency(s.P99) }},
		{"Worst latency", func(s compare.Side) string { return latency(s.Worst) }},
		{"Waited for errors", func(s compare.Side) string { return seconds(s.Wasted) }},
		{"Requests until tripped", func(s compare.Side) string { return compare.Tripped(s) }},
		{"Ejections", func(s compare.Side) string { return many(s.Ejections) }},
	} {
		cells := []cell{{Text: row.name}, number(row.of(s.Off)), number(row.of(s.On))}
		if row.name == "Good answers" {
			cells[1].Bar, cells[2].Bar = num(100*s.Off.SuccessRate), num(100*s.On.SuccessRate)
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}
