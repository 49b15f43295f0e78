package report

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// frame is what all charts of a run share: the axis of time and the size. Each
// chart is drawn twice, wide and narrow, and the page shows the one that fits:
// a wide one shrunk to a phone's width cannot be read.
type frame struct {
	narrow      bool
	width       float64 // in pixels at full size
	left, right float64 // margins; the left one holds the labels of values
	text        float64 // size of the text
	seconds     float64 // of the axis, above 0
	began       time.Time
}

// Widths in pixels. The narrow one is a phone's, less the margins of the page.
const (
	wideWidth   = 1000
	narrowWidth = 345
)

func newFrame(narrow bool, seconds float64, began time.Time) frame {
	if !(seconds > 0) {
		seconds = 1
	}
	if narrow {
		return frame{narrow, narrowWidth, 50, 6, 11, seconds, began}
	}
	return frame{narrow, wideWidth, 56, 10, 13, seconds, began}
}

// plot is the width of the axis.
func (f frame) plot() float64 { return f.width - f.left - f.right }

// x is the place of a time in seconds.
func (f frame) x(t float64) float64 {
	return f.left + f.plot()*min(max(t/f.seconds, 0), 1)
}

// chart is one drawing. Shapes are in the order in which they are painted.
type chart struct {
	ID, Title, Desc string
	Narrow          bool
	W, H            string
	Left, Plot      string // the axis of time, for the cursor
	Caption         string // how it is to be read
	Shapes          []shape
}

// shape is a path, or a text where Text is set. Class names its look, which is
// in the style sheet, for light, dark and print.
type shape struct {
	Class string
	D     string
	Text  string
	X, Y  string
	Title string // shown on hovering
}

func (f frame) chart(id, title, desc string, height float64, shapes []shape) chart {
	if f.narrow {
		id += "-narrow"
	}
	return chart{ID: id, Title: title, Desc: desc, Narrow: f.narrow, W: num(f.width), H: num(height), Left: num(f.left), Plot: num(f.plot()), Shapes: shapes}
}

func text(class string, x, y float64, s string) shape {
	return shape{Class: class, X: num(x), Y: num(y), Text: s}
}

// path joins commands and coordinates, which are of type float64:
// path("M", x, y, "h", w).
func path(parts ...any) string {
	var b strings.Builder
	for _, part := range parts {
		switch part := part.(type) {
		case float64:
			if n := b.Len(); n > 0 && b.String()[n-1] <= '9' {
				b.WriteByte(' ')
			}
			b.WriteString(num(part))
		default:
			fmt.Fprint(&b, part)
		}
	}
	return b.String()
}

func rect(x, y, w, h float64) string {
	return path("M", x, y, "h", w, "v", h, "h", -w, "z")
}

// hatch is diagonal lines within a rectangle, so that it is told apart from
// others without its colour.
func hatch(x, y, w, h, step float64) string {
	var b strings.Builder
	// Each line rises to the right, from (c-h, y+h) to (c, y), cut at both sides.
	for c := x + step; c < x+w+h; c += step {
		fromX, fromY, toX, toY := c-h, y+h, c, y
		if fromX < x {
			fromX, fromY = x, y+(c-x)
		}
		if toX > x+w {
			toX, toY = x+w, y+(c-x-w)
		}
		b.WriteString(path("M", fromX, fromY, "L", toX, toY))
	}
	return b.String()
}

// axis is the axis of time at the bottom of a chart: lines through it, seconds
// since the start, and under them the time of day.
func (f frame) axis(top, bottom float64) (grid, labels []shape) {
	most := 11
	if f.narrow {
		most = 5
	}
	ticks, step := timeTicks(f.seconds, most)
	clock := "15:04:05"
	if step < 1 {
		clock = "15:04:05.0"
	}
	var lines strings.Builder
	for _, t := range ticks {
		x := f.x(t)
		lines.WriteString(path("M", x, top, "V", bottom+4))
		class := "tick middle"
		label, day := timeTick(t, step), f.began.Add(duration(t)).Format(clock)
		switch {
		case x-width(day, f.text)/2 < 0:
			class = "tick"
		case x+width(day, f.text)/2 > f.width:
			class, x = "tick end", f.width
		}
		labels = append(labels, text(class, x, bottom+f.text+6, label), text(class+" clock", x, bottom+2*f.text+10, day))
	}
	grid = []shape{{Class: "grid", D: lines.String()}, {Class: "axis", D: path("M", f.left, bottom, "h", f.plot())}}
	return grid, labels
}

// axisHeight is what axis needs below the bottom of a plot.
func (f frame) axisHeight() float64 { return 2*f.text + 16 }

// mostMarks is how many marks are drawn; the table of events has them all.
const mostMarks = 20

// markHeight is what marks need above the plot.
func (f frame) markHeight(r *Run) float64 {
	if len(r.marks) == 0 {
		return 0
	}
	return f.text + 12
}

// across draws what concerns all pods: gaps as bands, and marks as numbered lines.
func (f frame) across(r *Run, top, bottom float64) (under, over []shape) {
	for _, g := range r.gaps {
		x, w := f.x(g.From), max(f.x(g.To)-f.x(g.From), 2)
		under = append(under, shape{Class: "gap", D: rect(x, top, w, bottom-top), Title: fmt.Sprintf("not heard from %s to %s: %s", seconds(g.From), seconds(g.To), strings.Join(g.sources, ", "))},
			shape{Class: "gap-edge", D: path("M", x, top, "V", bottom, "M", x+w, top, "V", bottom)})
	}
	free := math.Inf(-1)
	for i, m := range r.marks[:min(len(r.marks), mostMarks)] {
		x, label := f.x(m.at), fmt.Sprint(i+1)
		half := width(label, f.text)/2 + 4
		at := max(x, free+half, half)
		if at+half <= f.width {
			free = at + half + 2
			r := f.text/2 + 4
			over = append(over, shape{Class: "mark-line", D: path("M", at, top-4, "L", x, top, "V", bottom)},
				shape{Class: "mark-dot", D: path("M", at-half, top-4-r, "a", half, r, " 0 1 1 ", 2*half, 0.0, "a", half, r, " 0 1 1 ", -2*half, 0.0), Title: m.what + " at " + seconds(m.at)},
				text("mark-number middle", at, top-4-r+f.text*0.36, label))
			continue
		}
		// No room for its number: the line alone.
		over = append(over, shape{Class: "mark-line", D: path("M", x, top-4, "V", bottom), Title: m.what + " at " + seconds(m.at)})
	}
	return under, over
}
