package screen

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/timeline"
)

// proof is the phases of a proof so far, a line each; a phase that failed also
// says what was expected, and why it failed where that is known.
func (f *frame) proof() *section {
	s := &section{least: 1, apart: true}
	var of []int // the phase of each line
	for i, p := range f.Phases {
		for _, l := range f.phase(p) {
			s.lines, of = append(s.lines, l), append(of, i)
		}
	}
	// Those that failed come first, then the newest.
	s.trim = func(n int) []line {
		order := make([]int, len(s.lines))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(x, y int) int {
			px, py := f.Phases[of[x]], f.Phases[of[y]]
			switch {
			case (px.Statement == timeline.Proven) == (py.Statement == timeline.Proven):
			case px.Statement != timeline.Proven:
				return -1
			default:
				return 1
			}
			return of[y] - of[x]
		})
		chosen := order[:n]
		slices.Sort(chosen)
		lines := make([]line, n)
		for i, k := range chosen {
			lines[i] = s.lines[k]
		}
		return lines
	}
	return s
}

func (f *frame) phase(p timeline.Phase) []line {
	mark, look := "ok", good
	if p.Statement != timeline.Proven {
		mark, look = "FAIL", bad
	}
	what := "  " + p.Measured
	if p.Statement != timeline.Proven {
		what += ", expected " + p.Expected
	}
	if p.Pod != "" {
		what = " " + fit(clean(p.Pod), max(f.width/4, 8)) + what
	}
	took := "  " + p.Took.Round(100*time.Millisecond).String()
	l := line{{fmt.Sprintf("%-6s", mark), look}, {p.Name, title}, {what, plain}, {took, faint}}
	if p.Took < 100*time.Millisecond {
		l = l[:3]
	}
	lines := []line{l}
	if p.Statement != timeline.Proven && p.Diagnosis != "" {
		for _, text := range wrap(p.Diagnosis, f.width-6) {
			lines = append(lines, line{{"      " + text, wary}})
		}
	}
	return lines
}

// verdict is the last words of a proof.
func (f *frame) verdict() *section {
	s := &section{least: 1, apart: true}
	if f.Verdict == nil {
		return s
	}
	look := good
	if f.Verdict.Verdict != timeline.Agrees {
		look = bad
	}
	for text := range strings.SplitSeq(strings.TrimRight(f.Verdict.Words, "\n"), "\n") {
		style := plain
		if strings.HasPrefix(text, "verdict:") {
			style = look
		}
		s.lines = append(s.lines, words(text, style))
	}
	// The verdict itself where there is no room for what it is made of.
	s.trim = func(n int) []line {
		from := slices.IndexFunc(s.lines, func(l line) bool { return l[0].style == look })
		from = max(min(from, len(s.lines)-n), 0)
		return s.lines[from : from+n]
	}
	return s
}
