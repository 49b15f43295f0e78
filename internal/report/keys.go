package report

import "slices"

// key explains one look of the charts, with a small drawing of it.
type key struct {
	Shapes []shape
	Text   string
}

// keys are those of the looks that a run's charts have, where its lanes are drawn
// as given.
func keys(r *Run, lanes []lane) []key {
	const w, h = 26.0, 18.0
	var all []key
	add := func(text string, shapes ...shape) { all = append(all, key{shapes, text}) }
	for k, look := range looks {
		one, bars := false, false
		for _, l := range lanes {
			has := slices.ContainsFunc(l.answers, func(a answer) bool { return a.kind == kind(k) })
			one, bars = one || has && l.each, bars || has && !l.each
		}
		y := h - 5
		if kind(k) == ok {
			y = 5.0
		}
		if one {
			add(look.name, shape{Class: "answer " + look.class, D: path("M", w/2, h-y, "V", y) + look.form(w/2, y, 3)})
		}
		if bars {
			add(look.name+", many", shape{Class: "bar " + look.class, D: path("M", w/2-4, h-y, "V", y, "m", 4.0, 0.0, "V", h-y, "m", 4.0, 0.0, "V", y)})
		}
	}
	add("in rotation", shape{Class: "band", D: rect(0, 0, w, h)})
	if slices.ContainsFunc(r.Pods, func(p *Pod) bool { return len(p.Outs) > 0 }) {
		add("ejected", shape{Class: "out", D: rect(0, 0, w, h)}, shape{Class: "hatch", D: hatch(0, 0, w, h, 7)}, shape{Class: "out-edge", D: path("M", 0.0, 0.0, "v", h, "M", w, 0.0, "v", h)})
	}
	if slices.ContainsFunc(r.Pods, func(p *Pod) bool { return len(p.dim) > 0 }) {
		add("terminating, or not known to Envoy", shape{Class: "band", D: rect(0, 0, w, h)}, shape{Class: "dim", D: rect(0, 0, w, h)})
	}
	if slices.ContainsFunc(r.Pods, func(p *Pod) bool { return p.added || p.removed }) {
		add("pod added or removed", shape{Class: "edge", D: path("M", w/2, 0.0, "v", h)})
	}
	if len(r.gaps) > 0 {
		add("a source was not heard", shape{Class: "gap", D: rect(0, 0, w, h)}, shape{Class: "gap-edge", D: path("M", 1.0, 0.0, "V", h, "M", w-1, 0.0, "V", h)})
	}
	return all
}
