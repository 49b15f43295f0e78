package report

import (
	"fmt"
	"slices"
	"strings"
)

// latencyChart is how long answers took, over time. The scale is the same for
// all runs of a report.
func (f frame) latencyChart(r *Run, id string, s scale) (chart, string) {
	height, top := 210.0, f.markHeight(r)
	if f.narrow {
		height = 190
	}
	top += 8
	bottom := top + height
	const floor = 10.0 // keeps the least from the axis
	y := func(v float64) float64 { return bottom - floor - (height-floor)*s.at(v) }
	grid, labels := f.axis(top, bottom)
	under, over := f.across(r, top, bottom)
	shapes := under
	var lines strings.Builder
	for _, v := range s.ticks {
		lines.WriteString(path("M", f.left, y(v), "h", f.plot()))
		labels = append(labels, text("tick end", f.left-8, y(v)+f.text*0.36, tick(v)))
	}
	shapes = append(append(shapes, grid...), shape{Class: "grid", D: lines.String()})
	caption := "Each mark is an answer at the time it came, as high as the time it took."
	if len(r.answers) <= mostDrawn {
		shapes = append(shapes, f.scatter(r, y)...)
	} else {
		shapes = append(shapes, f.ranges(r, y)...)
		_, s := f.bins()
		caption = fmt.Sprintf("For every %s, a line from the shortest to the longest time of the good answers that came, and a broken one for the errors; the dot on each is the median.", latency(s))
	}
	if s.log {
		caption += " The scale is logarithmic."
	}
	shapes = append(append(shapes, over...), labels...)
	return f.chart(id, "Latency over time", latencyDesc(r), bottom+f.axisHeight(), shapes), caption
}

// latencyScale spans the latencies of all runs.
func latencyScale(runs []*Run) scale {
	lo, hi := 0.0, 0.0
	for _, r := range runs {
		for _, a := range r.answers {
			if took := a.took; took > 0 {
				if lo == 0 || took < lo {
					lo = took
				}
				hi = max(hi, took)
			}
		}
	}
	return valueScale(lo, hi, 6)
}

func latencyDesc(r *Run) string {
	if len(r.answers) == 0 {
		return "There are no answers."
	}
	took := make([]float64, len(r.answers))
	for i, a := range r.answers {
		took[i] = a.took
	}
	q := quantiles(took)
	return fmt.Sprintf("%s: half of them took up to %s, nine of ten up to %s, the longest %s. The table has them by pod and code.",
		count(q.Count, "answer"), latency(q.P50), latency(q.P90), latency(q.Worst))
}

func (f frame) scatter(r *Run, y func(float64) float64) []shape {
	var shapes []shape
	var together [kinds]strings.Builder
	size := 3.0
	if f.narrow {
		size = 2.2
	}
	for _, a := range r.answers {
		d := looks[a.kind].form(f.x(a.end), y(a.took), size)
		if f.narrow {
			together[a.kind].WriteString(d)
			continue
		}
		title := a.words()
		if a.pod != "" {
			title = a.pod + ": " + title
		}
		shapes = append(shapes, shape{Class: "dot " + looks[a.kind].class, D: d, Title: title})
	}
	for k := range together {
		if together[k].Len() > 0 {
			shapes = append(shapes, shape{Class: "dot " + looks[k].class, D: together[k].String()})
		}
	}
	return shapes
}

// ranges draws from the least to the most of each bin, and the median.
func (f frame) ranges(r *Run, y func(float64) float64) []shape {
	var shapes []shape
	for _, series := range []struct {
		class string
		of    func(answer) bool
		shift float64 // so that two in one bin stand side by side
	}{
		{"ok", func(a answer) bool { return a.kind == ok }, -0.6},
		{"gateway", func(a answer) bool { return a.kind != ok }, 0.6},
	} {
		all := f.spreads(r.answers, series.of)
		var order []int
		for i := range all {
			order = append(order, i)
		}
		slices.Sort(order)
		var lines, dots strings.Builder
		for _, i := range order {
			x, s := f.binX(i)+series.shift, all[i]
			if y(s.least)-y(s.most) > 1 {
				lines.WriteString(path("M", x, y(s.least), "V", y(s.most)))
			}
			dots.WriteString(path("M", x, y(s.middle), "h0"))
		}
		if len(order) > 0 {
			shapes = append(shapes, shape{Class: "range " + series.class, D: lines.String()}, shape{Class: "median " + series.class, D: dots.String()})
		}
	}
	return slices.DeleteFunc(shapes, func(s shape) bool { return s.D == "" })
}
