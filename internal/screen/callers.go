package screen

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/callers"
	"istio-circuit-breaker/internal/timeline"
)

// Callers is who has ejected whom at a time, in at most height lines of at most
// width characters, with the newest of what happened. It is for a service of
// anybody's, and several callers; Lines is for the stack's own.
func Callers(m callers.Matrix, events []callers.Event, now time.Time, width, height int, colour bool) []string {
	g := grid{m, m.Table(), now, max(width, 1)}
	head, list, pods, out, unread, log := g.head(), g.list(), g.pods(), g.out(), g.unread(), g.log(events)
	all := []*section{head, list, pods, out, unread, log}
	room := max(height, 1)
	give := func(s *section, to int) {
		more := min(max(min(to, len(s.lines))-s.got, 0), room)
		s.got, room = s.got+more, room-more
	}
	for _, s := range []*section{head, out, pods, list, unread, log} { // who is out first
		give(s, s.least)
	}
	for _, s := range []*section{out, unread, list, pods} {
		give(s, len(s.lines))
	}
	var lines []string
	for _, s := range all {
		if s == log {
			give(s, len(s.lines))
		}
		if s.got > 0 && s != head && room > 0 {
			lines, room = append(lines, ""), room-1
		}
		for _, l := range s.shown() {
			lines = append(lines, l.render(g.width, colour))
		}
	}
	return lines
}

// grid is one drawing of callers by pods.
type grid struct {
	callers.Matrix
	callers.Table
	now   time.Time
	width int
}

func (g grid) head() *section {
	right := g.now.Format(seconds) + "  " + clock(g.now.Sub(g.Began))
	left := span{g.Target.String(), title}
	rest := span{"  " + g.Summary(), plain}
	pad := g.width - utf8.RuneCountInString(left.text+rest.text+right)
	l := line{left, rest}
	if pad > 0 {
		l = append(l, span{strings.Repeat(" ", pad), plain}, span{right, faint})
	}
	return &section{lines: []line{l}, least: 1}
}

// list is the callers by number, with what each of them has.
func (g grid) list() *section {
	s := &section{least: 2}
	longest := len("caller")
	for _, v := range g.Active {
		longest = max(longest, len(g.Name(v)))
	}
	name := min(longest, max(g.width-50, 12))
	if len(g.Active) > 0 {
		s.lines = append(s.lines, words(fmt.Sprintf("%3s %-*s %8s %5s %9s  %s", "", name, "caller", "requests", "out", "ejections", "outlier detection"), faint))
	}
	for i, v := range g.Active {
		total := uint64(0)
		for _, n := range v.Ejections {
			total += n
		}
		l := line{{fmt.Sprintf("%3d %-*s %8d ", i+1, name, fit(clean(g.Name(v)), name), v.Requests), plain}, {fmt.Sprintf("%5s", fmt.Sprintf("%d/%d", v.Out(), len(v.Pods))), outStyle(v.Out())},
			{fmt.Sprintf(" %9d  ", total), plain}, {v.Words(), plain}}
		if v.Lost != "" {
			l = append(l, span{"  lost since " + v.Looked.In(g.now.Location()).Format(seconds) + ": " + v.Lost, bad})
		}
		s.lines = append(s.lines, l)
	}
	if len(g.Quiet) > 0 {
		var names []string
		for _, v := range g.Quiet {
			names = append(names, g.Name(v))
		}
		text := breaker.Count(len(g.Quiet), "caller") + " that did not call it: "
		s.lines = append(s.lines, words(text+list(max(g.width-len(text), 1), names...), faint))
	}
	s.more("lines of callers")
	return s
}

// pods is the grid, as many callers wide as there is room for.
func (g grid) pods() *section {
	rows := g.Rows
	if len(rows) == 0 {
		return &section{}
	}
	const cell = len("out >599s") + 1
	longest := len("pod")
	for _, r := range rows {
		longest = max(longest, utf8.RuneCountInString(clean(r.Pod)))
	}
	name := min(longest, max(g.width-cell*len(g.Active), 16))
	shown := min(max((g.width-name)/cell, 1), len(g.Active))
	title := fmt.Sprintf("%-*s", name, "pod")
	for i := range shown {
		title += fmt.Sprintf(" %-*s", cell-1, fmt.Sprint(i+1))
	}
	if more := len(g.Active) - shown; more > 0 {
		title += fmt.Sprintf(" and %d more", more)
	}
	s := &section{least: 2, lines: []line{words(title, faint)}}
	for _, r := range rows {
		l := line{{fmt.Sprintf("%-*s", name, fit(clean(r.Pod), name)), plain}}
		for _, c := range r.Cells[:shown] {
			text, look := "", plain
			if c != nil {
				text, look = c.Words(g.now), cellStyle(*c)
			}
			l = append(l, span{fmt.Sprintf(" %-*s", cell-1, text), look})
		}
		s.lines = append(s.lines, l)
	}
	s.trim = func(n int) []line {
		kept, out := s.lines[:max(n-1, 1)], 0
		for _, r := range rows[len(kept)-1:] {
			if r.Out > 0 {
				out++
			}
		}
		text := fmt.Sprintf("and %s, %d of them out", breaker.Count(len(rows)-len(kept)+1, "more pod"), out)
		return append(slices.Clone(kept), words(text, wary))[:n]
	}
	return s
}

// out is what is known of each ejection that is in force.
func (g grid) out() *section {
	s := &section{least: 1}
	for i, v := range g.Active {
		for _, c := range v.Pods {
			if !c.Out {
				continue
			}
			text := fmt.Sprintf(" is out for caller %d %s", i+1, c.Times(g.now))
			s.lines = append(s.lines, line{{fit(clean(c.Pod), max(g.width/3, 12)), bad}, {text, plain}})
		}
	}
	s.more("out")
	return s
}

func (g grid) unread() *section {
	s := &section{least: 1}
	for _, u := range g.Unread {
		s.lines = append(s.lines, line{{"not read: " + u.Name + ": ", wary}, {u.Reason, plain}})
	}
	s.more("not read")
	return s
}

// more has a section that is cut short say how many lines are missing, and of what.
func (s *section) more(of string) {
	s.trim = func(n int) []line {
		kept := s.lines[:n-1]
		return append(slices.Clone(kept), words(fmt.Sprintf("and %d more %s", len(s.lines)-len(kept), of), wary))
	}
}

func (g grid) log(events []callers.Event) *section {
	s := &section{least: 1}
	for i := len(events) - 1; i >= 0; i-- {
		e := events[i]
		if e.Kind == timeline.Confirmed {
			continue
		}
		s.lines = append(s.lines, line{{e.Time.In(g.now.Location()).Format(seconds) + "  ", faint}, {string(e.Kind), kindStyle(e.Kind)}, {callerEvent(e), plain}})
	}
	return s
}
