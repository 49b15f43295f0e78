package report

import (
	"fmt"
	"strings"

	"istio-circuit-breaker/internal/timeline"
)

// counter is one of Envoy's, as a chart shows it.
type counter struct {
	name, stat string
	of         func(timeline.Counters) uint64
	always     bool // shown even where it stays 0
}

// stats are Envoy's names, below cluster.<name>.outlier_detection.
var stats = []counter{
	{"Ejections by gateway errors", "ejections_enforced_consecutive_gateway_failure", func(c timeline.Counters) uint64 { return c.EnforcedGateway }, true},
	{"Ejections by 5xx answers", "ejections_enforced_consecutive_5xx", func(c timeline.Counters) uint64 { return c.Enforced5xx }, false},
	{"Pods out now", "ejections_active", func(c timeline.Counters) uint64 { return c.EjectionsActive }, true},
	{"Refused, too many out", "ejections_overflow", func(c timeline.Counters) uint64 { return c.Overflow }, true},
}

// shown are the counters that a run's chart has, none where nothing was exported.
func shown(r *Run) []counter {
	var some []counter
	for _, c := range stats {
		exported, rose := false, false
		for _, s := range r.samples {
			exported = exported || s.Exported
			rose = rose || s.Exported && c.of(s.Counters) > 0
		}
		if exported && (c.always || rose) {
			some = append(some, c)
		}
	}
	return some
}

// countersChart is the sidecar's counters over time, each on a scale of its own.
func (f frame) countersChart(r *Run, id string) (chart, string) {
	head, height, space := f.text+10, 44.0, 18.0
	some := shown(r)
	top := f.markHeight(r)
	bottom := top + float64(len(some))*(head+height+space)
	grid, labels := f.axis(top, bottom)
	under, over := f.across(r, top, bottom)
	shapes := append(grid, under...)
	var parts []string
	for i, c := range some {
		y := top + float64(i)*(head+height+space)
		last, most := uint64(0), uint64(1)
		for _, s := range r.samples {
			if s.Exported {
				last = c.of(s.Counters)
				most = max(most, last)
			}
		}
		parts = append(parts, fmt.Sprintf("%s: at most %d, at the end %d", c.name, most, last))
		if last == 0 && most == 1 && !rises(r, c) {
			parts[i] = c.name + ": always 0"
		}
		floor := y + head + height
		line, area := f.steps(r, c, floor, height/float64(most))
		shapes = append(shapes, text("pod plain", f.left, y+f.text, c.name), text("note end", f.width-f.right, y+f.text, fmt.Sprintf("%d at the end", last)),
			shape{Class: "base", D: path("M", f.left, floor, "h", f.plot())},
			shape{Class: "area", D: area}, shape{Class: "step", D: line, Title: c.stat})
		labels = append(labels, text("tick end", f.left-8, floor+f.text*0.36, "0"), text("tick end", f.left-8, floor-height+f.text*0.36, fmt.Sprint(most)))
	}
	shapes = append(append(shapes, over...), labels...)
	return f.chart(id, "Envoy's counters over time", strings.Join(parts, ". ")+".", bottom+f.axisHeight(), shapes),
		"What the client's sidecar counts of outlier detection. A step up is an ejection, or one refused."
}

func rises(r *Run, c counter) bool {
	for _, s := range r.samples {
		if s.Exported && c.of(s.Counters) > 0 {
			return true
		}
	}
	return false
}

// steps are a counter's line and the area under it: one step for each change,
// and no more than the eye can tell apart.
func (f frame) steps(r *Run, c counter, floor, unit float64) (line, area string) {
	type point struct{ x, y float64 }
	var points []point
	for _, s := range r.samples {
		if !s.Exported {
			continue
		}
		p := point{f.x(s.at), floor - unit*float64(c.of(s.Counters))}
		n := len(points) - 1
		switch {
		case n >= 0 && points[n].y == p.y:
		case n >= 0 && p.x-points[n].x < 0.5:
			points[n].y = p.y
		default:
			points = append(points, p)
		}
	}
	if len(points) == 0 {
		return "", ""
	}
	var b strings.Builder
	for i, p := range points {
		if i == 0 {
			b.WriteString(path("M", p.x, p.y))
			continue
		}
		b.WriteString(path("H", p.x, "V", p.y))
	}
	b.WriteString(path("H", f.x(f.seconds)))
	return b.String(), b.String() + path("V", floor, "H", points[0].x, "z")
}
