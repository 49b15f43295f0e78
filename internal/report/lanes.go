package report

import (
	"fmt"
	"slices"
	"strings"
)

// mostLanes is how many pods have a lane of their own.
const mostLanes = 24

// lane is a strip of the chart of answers: a pod, several, or none.
type lane struct {
	name, note string
	pod        *Pod // nil: not one pod
	answers    []answer
	each       bool // answers are drawn one by one
}

// lanes are those of a run. Where there are too many pods, those that were
// ejected or gave errors come first, and the others share one.
func (f frame) lanes(r *Run) []lane {
	index, own := map[string]int{}, r.Pods
	if len(own) > mostLanes {
		bad := map[string]bool{}
		for _, a := range r.answers {
			bad[a.pod] = bad[a.pod] || a.kind != ok
		}
		own = slices.Clone(own)
		slices.SortStableFunc(own, func(a, b *Pod) int { return interest(b, bad) - interest(a, bad) })
		own = own[:mostLanes]
	}
	var all []lane
	for _, p := range own {
		index[p.Name] = len(all)
		all = append(all, lane{name: p.Name, note: p.note(), pod: p})
	}
	if n := len(r.Pods) - len(own); n > 0 {
		for _, p := range r.Pods {
			if _, has := index[p.Name]; !has {
				index[p.Name] = len(all)
			}
		}
		all = append(all, lane{name: count(n, "other pod"), note: "together"})
	}
	if slices.ContainsFunc(r.answers, func(a answer) bool { return a.pod == "" }) {
		index[""] = len(all)
		all = append(all, lane{name: "no pod", note: "Envoy answered, or nobody"})
	}
	for _, a := range r.answers {
		l := &all[index[a.pod]]
		l.answers = append(l.answers, a)
	}
	for i := range all {
		all[i].each = f.each(all[i].answers, mostDrawn/len(all))
	}
	return all
}

func interest(p *Pod, bad map[string]bool) int {
	switch {
	case len(p.Outs) > 0:
		return 2
	case bad[p.Name]:
		return 1
	}
	return 0
}

// note says in a few words how the pod fared.
func (p *Pod) note() string {
	out := 0.0
	for _, o := range p.Outs {
		out += o.Seconds()
	}
	switch {
	case len(p.Outs) == 1:
		return "out once, " + seconds(out)
	case len(p.Outs) > 1:
		return fmt.Sprintf("out %d times, %s", len(p.Outs), seconds(out))
	case p.removed:
		return "removed"
	case p.added:
		return "added"
	}
	return "never out"
}

// answersChart is the answers over time by pod and code, over the times in which
// each pod was in rotation or out. It says how it is to be read.
func (f frame) answersChart(r *Run, id string) (chart, string) {
	all := f.lanes(r)
	half, head, space := 22.0, f.text+10, 18.0
	if f.narrow {
		half, space = 18, 14
	}
	if len(all) > 8 {
		half = 14
	}
	top := f.markHeight(r)
	bottom := top + float64(len(all))*(head+2*half+space)
	shapes, labels := f.axis(top, bottom)
	under, over := f.across(r, top, bottom)
	base := func(i int) float64 { return top + float64(i)*(head+2*half+space) + head + half }
	var bins []counted
	var pods []counted // of them, those of one pod
	for i, l := range all {
		shapes = append(shapes, f.laneBands(l, base(i)-half, 2*half)...)
		bins = append(bins, nil)
		if l.each {
			continue
		}
		if bins[i] = f.count(l.answers); l.pod != nil || len(r.Pods) == 0 {
			pods = append(pods, bins[i])
		}
	}
	height, most, root := heights(pods)
	shapes = append(shapes, under...)
	for i, l := range all {
		over = append(over, f.laneHead(l, base(i)-half-head+f.text)...)
		base := base(i)
		shapes = append(shapes, shape{Class: "base", D: path("M", f.left, base, "h", f.plot())},
			text("gutter end", f.left-8, base-half/2+f.text*0.3, "good"), text("gutter end", f.left-8, base+half/2+f.text*0.3, "errors"))
		if l.each {
			shapes = append(shapes, f.laneAnswers(l.answers, base, half)...)
		} else {
			shapes = append(shapes, f.laneBars(bins[i], base, half, height)...)
		}
		if l.pod != nil {
			shapes = append(shapes, f.laneOuts(l.pod, base)...)
		}
	}
	shapes = append(append(shapes, over...), labels...)
	return f.chart(id, "Answers over time, by pod and code", answersDesc(r), bottom+f.axisHeight(), shapes), f.answersCaption(all, most, root)
}

// answersCaption says how the answers are drawn.
func (f frame) answersCaption(all []lane, most int, root bool) string {
	each := slices.ContainsFunc(all, func(l lane) bool { return l.each && len(l.answers) > 0 })
	bars := slices.ContainsFunc(all, func(l lane) bool { return !l.each })
	caption := "Good answers stand up, errors hang down, at the time they came."
	if each {
		caption += " A line to the left of a mark is the time that the caller waited."
	}
	if !bars {
		return caption
	}
	_, s := f.bins()
	caption += fmt.Sprintf(" Where there are too many to draw each, a bar stands for all that came in %s, at most %s from one pod", latency(s), many(most))
	if root {
		caption += "; its height grows with the square root of their number"
	}
	return caption + "."
}

// answersDesc tells the chart to who does not see it.
func answersDesc(r *Run) string {
	var parts []string
	for _, p := range r.Pods[:min(len(r.Pods), mostLanes)] {
		part := fmt.Sprintf("%s gave %s and was %s", p.Name, count(p.Answers, "answer"), p.note())
		for i, o := range p.Outs {
			if i == mostRows {
				part += "; and so on"
				break
			}
			part += fmt.Sprintf("; out from %s to %s", seconds(o.From), seconds(o.To))
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return "No pod was seen."
	}
	return strings.Join(parts, ". ") + "."
}
