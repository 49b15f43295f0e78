package screen

import (
	"fmt"
	"math"
	"slices"
	"time"

	"istio-circuit-breaker/internal/board"
	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// state is a pod's place in load balancing, with the time left where it is out.
func (f *frame) state(r board.Row, wide bool) string {
	if r.State != timeline.Ejected {
		return clean(string(r.State))
	}
	left, known := r.Left(f.Rule, f.now)
	switch {
	case !known: // nobody saw when it went
		return "ejected"
	case left == 0 && wide:
		return "waits for the sweep"
	case left == 0:
		return "until sweep"
	case wide:
		return fmt.Sprintf("ejected, %d s left", up(left))
	default:
		return fmt.Sprintf("ejected %ds", up(left))
	}
}

// up is seconds, so that the last one is 1 and not 0.
func up(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// inARow is errors in a row against the number that ejects, where one does.
func (f *frame) inARow(r board.Row, _ bool) string {
	if threshold, _ := f.Rule.Threshold(); threshold > 0 {
		return fmt.Sprintf("%d/%d", r.InARow, threshold)
	}
	return fmt.Sprint(r.InARow)
}

// stateStyle is how a state looks.
func stateStyle(s timeline.State) style {
	switch s {
	case timeline.InRotation:
		return good
	case timeline.Ejected:
		return bad
	default:
		return wary
	}
}

// pods is the table, a row a pod.
func (f *frame) pods() *section {
	if len(f.Rows) == 0 {
		wait := words("waiting for the first look at the sidecar", wary)
		return &section{lines: append([]line{wait}, f.gone()...), least: 1, apart: true}
	}
	head, rows := f.table()
	s := &section{lines: append(append([]line{head}, rows...), f.gone()...), least: 2, apart: true}
	s.trim = func(n int) []line {
		if n > len(rows) { // only pods that are gone are left out
			return s.lines[:n]
		}
		if n == 1 {
			return []line{f.rest(nil)}
		}
		chosen := f.chosen(n - 2)
		lines := []line{head}
		for _, i := range chosen {
			lines = append(lines, rows[i])
		}
		return append(lines, f.rest(chosen))
	}
	return s
}

// chosen are the numbers of n rows: those of ejected pods first, then of others
// that are not in rotation, but in the order of the table.
func (f *frame) chosen(n int) []int {
	var out, going, in []int
	for i, r := range f.Rows {
		switch r.State {
		case timeline.Ejected:
			out = append(out, i)
		case timeline.InRotation:
			in = append(in, i)
		default:
			going = append(going, i)
		}
	}
	chosen := slices.Concat(out, going, in)[:n]
	slices.Sort(chosen)
	return chosen
}

// rest sums up the pods that have no row.
func (f *frame) rest(shown []int) line {
	states := map[timeline.State]int{}
	for i, r := range f.Rows {
		if !slices.Contains(shown, i) {
			states[r.State]++
		}
	}
	text := breaker.Count(len(f.Rows)-len(shown), "pod")
	if len(shown) > 0 {
		text = breaker.Count(len(f.Rows)-len(shown), "more pod")
	}
	sep := ": "
	for _, s := range []timeline.State{timeline.Ejected, timeline.Terminating, timeline.Unknown, timeline.InRotation} {
		if states[s] > 0 {
			text += fmt.Sprintf("%s%d %s", sep, states[s], s)
			sep = ", "
		}
	}
	return words(text, wary)
}

// gone sums up the pods that were removed.
func (f *frame) gone() []line {
	if len(f.Gone) == 0 {
		return nil
	}
	requests, ejections := 0, 0
	for _, r := range f.Gone {
		requests, ejections = requests+r.Requests, ejections+r.Ejections
	}
	return []line{words(fmt.Sprintf("%s gone: %s, %s", breaker.Count(len(f.Gone), "pod"), breaker.Count(requests, "request"), breaker.Count(ejections, "ejection")), faint)}
}
