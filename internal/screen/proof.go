package screen

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// proof is the phases of a proof so far, a line each. A phase that is not proven
// also says what was expected, and what is missing or made it fail where that is
// known.
func (f *frame) proof() *section {
	s := &section{least: 1, apart: true}
	var of []int // the phase of each line
	for i, p := range f.Phases {
		for _, l := range f.phase(p) {
			s.lines, of = append(s.lines, l), append(of, i)
		}
	}
	// What is refuted comes first, then what is not proven, then the newest.
	s.trim = func(n int) []line {
		order := make([]int, len(s.lines))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(x, y int) int {
			return cmp.Or(urgency(f.Phases[of[x]].Statement)-urgency(f.Phases[of[y]].Statement), of[y]-of[x])
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

// urgency orders statements: what is refuted comes first.
func urgency(s timeline.Statement) int {
	switch s {
	case timeline.Refuted:
		return 0
	case timeline.Proven:
		return 2
	default:
		return 1
	}
}

// stated is a statement as a mark, and how it looks. What is not known to be
// proven never looks as if it were.
func stated(s timeline.Statement) (mark string, look style) {
	switch s {
	case timeline.Proven:
		return "ok", good
	case timeline.Refuted:
		return "FAIL", bad
	default:
		return "unproven", wary
	}
}

func (f *frame) phase(p timeline.Phase) []line {
	mark, look := stated(p.Statement)
	what := "  " + p.Measured
	if p.Statement != timeline.Proven {
		what += ", expected " + p.Expected
	}
	if p.Pod != "" {
		what = " " + fit(clean(p.Pod), max(f.width/4, 8)) + what
	}
	took := "  " + p.Took.Round(100*time.Millisecond).String()
	l := line{{fmt.Sprintf("%-*s", markWidth, mark), look}, {p.Name, title}, {what, plain}, {took, faint}}
	if p.Took < 100*time.Millisecond {
		l = l[:3]
	}
	lines := []line{l}
	if p.Statement == timeline.Proven {
		return lines
	}
	if p.Answers < p.Least {
		lines = append(lines, f.beneath(fmt.Sprintf("it rests on %s and needs %d", breaker.Count(p.Answers, "answer"), p.Least))...)
	}
	if p.Missing != "" {
		lines = append(lines, f.beneath("missing: "+p.Missing)...)
	}
	return append(lines, f.beneath(p.Diagnosis)...)
}

// markWidth is that of the column of marks.
const markWidth = 10

// beneath is text under a phase, behind its mark.
func (f *frame) beneath(text string) []line {
	var lines []line
	for _, text := range wrap(text, f.width-markWidth) {
		lines = append(lines, line{{strings.Repeat(" ", markWidth) + text, wary}})
	}
	return lines
}

// verdict is the last words of a proof.
func (f *frame) verdict() *section {
	s := &section{least: 1, apart: true}
	if f.Verdict == nil {
		return s
	}
	look := wary
	switch f.Verdict.Verdict {
	case timeline.Agrees:
		look = good
	case timeline.Differs:
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
