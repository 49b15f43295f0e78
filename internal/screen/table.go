package screen

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"istio-circuit-breaker/internal/board"
)

// column of the table of pods. Its text is that of a wide or a narrow screen.
type column struct {
	wide, narrow string // title
	left         bool   // not a number
	least        int    // so that the table keeps its shape when numbers grow
	cell         func(f *frame, r board.Row, wide bool) string
	// drop is when a narrow screen does without it: 1 first, 0 never.
	drop int
}

func number(of func(board.Row) int) func(*frame, board.Row, bool) string {
	return func(_ *frame, r board.Row, _ bool) string { return fmt.Sprint(of(r)) }
}

// columns behind the name.
var columns = []column{
	{wide: "version", narrow: "ver", left: true, drop: 2, cell: func(_ *frame, r board.Row, _ bool) string { return fit(clean(r.Version), 12) }},
	{wide: "state", narrow: "state", left: true, least: len("terminating"), cell: (*frame).state},
	{wide: "requests", narrow: "req", least: 4, drop: 1, cell: number(func(r board.Row) int { return r.Requests })},
	{wide: "200", narrow: "200", least: 4, drop: 4, cell: number(func(r board.Row) int { return r.OK })},
	{wide: "504", narrow: "504", least: 4, cell: number(func(r board.Row) int { return r.Failed })},
	{wide: "other", narrow: "oth", drop: 3, cell: number(func(r board.Row) int { return r.Other })},
	{wide: "in a row", narrow: "row", least: 4, cell: (*frame).inARow},
	{wide: "ejected", narrow: "out", cell: number(func(r board.Row) int { return r.Ejections })},
}

// table is the title and the rows of the columns that the width has room for.
func (f *frame) table() (head line, rows []line) {
	longest := len("pod")
	other := false
	for _, r := range f.Rows {
		longest = max(longest, utf8.RuneCountInString(clean(r.Name)))
		other = other || r.Other > 0
	}
	const most, enough, least = 24, 10, 6 // of the name, as the screen gets narrower
	for _, shape := range []struct {
		wide       bool
		drop, name int
	}{{true, 0, most}, {false, 0, enough}, {false, 1, enough}, {false, 2, enough}, {false, 3, enough}, {false, 4, least}} {
		var kept []column
		for _, c := range columns {
			if (c.drop == 0 || c.drop > shape.drop) && (c.wide != "other" || other) {
				kept = append(kept, c)
			}
		}
		l := f.layout(kept, shape.wide)
		name := min(f.width-l.width, longest)
		if name >= min(shape.name, longest) || shape.drop == 4 {
			return l.lines(f, max(name, 1))
		}
	}
	return nil, nil
}

// layout is the text of columns, and how wide each of them is.
type layout struct {
	columns []column
	wide    bool
	cells   [][]string // by row
	widths  []int
	width   int // of all of them, with the gaps before them
}

func (f *frame) layout(kept []column, wide bool) layout {
	l := layout{columns: kept, wide: wide, cells: make([][]string, len(f.Rows)), widths: make([]int, len(kept))}
	for i, c := range kept {
		l.widths[i] = max(c.least, len(c.title(wide)))
		if wide && c.wide == "state" {
			l.widths[i] = len("waits for the sweep")
		}
		for k, r := range f.Rows {
			text := c.cell(f, r, wide)
			l.cells[k] = append(l.cells[k], text)
			l.widths[i] = max(l.widths[i], utf8.RuneCountInString(text))
		}
		l.width += l.widths[i] + l.gap()
	}
	return l
}

func (c column) title(wide bool) string {
	if wide {
		return c.wide
	}
	return c.narrow
}

func (l layout) gap() int {
	if l.wide {
		return 2
	}
	return 1
}

func (l layout) lines(f *frame, name int) (head line, rows []line) {
	gap := strings.Repeat(" ", l.gap())
	text := fmt.Sprintf("%-*s", name, fit("pod", name))
	for i, c := range l.columns {
		text += gap + c.place(c.title(l.wide), l.widths[i])
	}
	for k, r := range f.Rows {
		row := line{{fmt.Sprintf("%-*s", name, fit(clean(r.Name), name)), plain}}
		for i, c := range l.columns {
			row = append(row, span{gap, plain}, span{c.place(l.cells[k][i], l.widths[i]), c.look(f, r)})
		}
		rows = append(rows, row)
	}
	return words(text, faint), rows
}

// place is text in a column.
func (c column) place(text string, width int) string {
	if c.left {
		return fmt.Sprintf("%-*s", width, text)
	}
	return fmt.Sprintf("%*s", width, text)
}

// look is the style of a row's cell.
func (c column) look(f *frame, r board.Row) style {
	threshold, _ := f.Rule.Threshold()
	switch {
	case c.wide == "state":
		return stateStyle(r.State)
	case c.wide == "504" && r.Failed > 0, c.wide == "in a row" && r.InARow > 0 && r.InARow >= int(threshold):
		return bad
	case c.wide == "in a row" && r.InARow > 0, c.wide == "other" && r.Other > 0:
		return wary
	default:
		return plain
	}
}
