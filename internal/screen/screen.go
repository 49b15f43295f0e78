package screen

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"istio-circuit-breaker/internal/board"
)

// Least is the narrowest screen, in characters, that the lines are made for; on
// a narrower one they are cut off.
const Least = 40

// label is the width of the names before figures.
const label = 10

// frame is one drawing under way.
type frame struct {
	board.Board
	now    time.Time
	width  int
	colour bool
}

// section is a part of the screen.
type section struct {
	lines []line // all that it has to say
	// least is how many lines it needs before less important sections grow.
	least int
	// trim chooses n of the lines, fewer than there are; nil takes the first.
	trim func(n int) []line
	// apart leaves an empty line above, where there is room.
	apart bool
	got   int
}

// Lines is the board at a time, in at most height lines of at most width
// characters. Times are shown in now's zone. Without colour the lines are
// printable text alone; with it they also hold codes that colour text.
func Lines(b board.Board, now time.Time, width, height int, colour bool) []string {
	f := frame{b, now, max(width, 1), colour}
	head, rule, pods, lost, clocks := f.head(), f.rule(), f.pods(), f.lost(), f.clocks()
	answers, totals, counters := f.answers(), f.totals(), f.counters()
	proof, verdict, log := f.proof(), f.verdict(), f.log()
	room := max(height, 1)
	grow := func(s *section, to int) {
		more := min(max(min(to, len(s.lines))-s.got, 0), room)
		s.got += more
		room -= more
	}
	for _, s := range []*section{head, pods, lost, verdict, answers, log, totals, counters, clocks, rule, proof} {
		grow(s, s.least)
	}
	for _, s := range []*section{pods, verdict, rule, lost, proof} {
		grow(s, len(s.lines))
	}
	const someEvents = 6 // before air
	grow(log, someEvents)
	all := []*section{head, rule, pods, lost, answers, totals, counters, clocks, proof, verdict, log}
	for _, s := range all {
		if s.apart = s.apart && s.got > 0 && room > 0; s.apart {
			room--
		}
	}
	grow(log, len(log.lines))
	var lines []string
	for _, s := range all {
		if s.apart {
			lines = append(lines, "")
		}
		for _, l := range s.shown() {
			lines = append(lines, l.render(f.width, colour))
		}
	}
	return lines
}

func (s *section) shown() []line {
	if s.got < len(s.lines) && s.got > 0 && s.trim != nil {
		return s.trim(s.got)
	}
	return s.lines[:s.got]
}

// Note is one more line for beneath a board, such as a word of progress.
func Note(text string, width int, colour bool) string {
	return words(text, faint).render(max(width, 1), colour)
}

// head says which run this is, what time, and how long it has been going on.
func (f *frame) head() *section {
	right := f.now.Format("15:04:05")
	if !f.Began.IsZero() {
		right += "  " + clock(f.now.Sub(f.Began))
	}
	left := f.Header.Command
	if f.Header.Version == 0 {
		left = "waiting for the run to begin"
	}
	if f.Header.Label != "" {
		left += " (" + f.Header.Label + ")"
	}
	l := line{{left, title}}
	if f.Header.Service != "" {
		place := "  " + f.Header.Service
		if f.Header.Context != "" {
			place += " in " + f.Header.Context
		}
		room := f.width - utf8.RuneCountInString(left) - utf8.RuneCountInString(right) - 2
		if room > label {
			l = append(l, span{fit(clean(place), room), plain})
			left += fit(clean(place), room)
		}
	}
	if pad := f.width - utf8.RuneCountInString(clean(left)) - utf8.RuneCountInString(right); pad > 0 {
		l = append(l, span{strings.Repeat(" ", pad), plain}, span{right, faint})
	}
	return &section{lines: []line{l}, least: 1}
}

// clock is a time that passed, as 1:02:03 or 02:03.
func clock(d time.Duration) string {
	s := int(max(d, 0).Seconds())
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// rule is the rule in force, in words. What they are depends on the number of
// pods, so there are none before the pods are known.
func (f *frame) rule() *section {
	s := &section{least: 1}
	if f.Header.Version == 0 || len(f.Rows) == 0 {
		return s
	}
	for _, text := range wrap(f.Rule.Words(len(f.Rows), 0), f.width) {
		s.lines = append(s.lines, words(text, plain))
	}
	return s
}

// named is a line of figures behind its name.
func (f *frame) named(name string, l line) line {
	return append(line{{fmt.Sprintf("%-*s", label, name), faint}}, l...)
}
