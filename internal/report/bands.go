package report

import (
	"fmt"

	"istio-circuit-breaker/internal/breaker"
)

// laneHead is a lane's name and note, over it.
func (f frame) laneHead(l lane, y float64) []shape {
	note := text("note end", f.width-f.right, y, l.note)
	room := f.plot() - width(l.note, f.text) - 12
	name := fit(l.name, int(room/(0.62*f.text)))
	head := text("pod", f.left, y, name)
	if name != l.name {
		head.Title = l.name
	}
	shapes := []shape{head, note}
	if l.pod == nil || l.pod.Version == "" {
		return shapes
	}
	version, at := "version "+l.pod.Version, width(name, f.text*1.04)+10
	if at+width(version, f.text)+width(l.note, f.text)+12 < f.plot() {
		shapes = append(shapes, text("note", f.left+at, y, version))
	}
	return shapes
}

// laneBands are the times in rotation, and those in no certain state.
func (f frame) laneBands(l lane, y, h float64) []shape {
	if l.pod == nil {
		return []shape{{Class: "band", D: rect(f.left, y, f.plot(), h)}}
	}
	var shapes []shape
	for _, s := range l.pod.there {
		x, w := f.x(s.From), f.x(s.To)-f.x(s.From)
		shapes = append(shapes, shape{Class: "band", D: rect(x, y, w, h)})
		if l.pod.added && s.From > 0 {
			shapes = append(shapes, shape{Class: "edge", D: path("M", x, y-3, "v", h+6), Title: "added at " + seconds(s.From)})
		}
		if s.To < f.seconds {
			shapes = append(shapes, shape{Class: "edge", D: path("M", x+w, y-3, "v", h+6), Title: "removed at " + seconds(s.To)})
		}
	}
	for _, s := range l.pod.dim {
		x, w := f.x(s.From), f.x(s.To)-f.x(s.From)
		shapes = append(shapes, shape{Class: "dim", D: rect(x, y, w, h), Title: "terminating, or not known to Envoy"})
	}
	for _, o := range l.pod.Outs {
		x, w := f.x(o.From), max(f.x(o.To)-f.x(o.From), 1)
		shapes = append(shapes, shape{Class: "out", D: rect(x, y, w, h), Title: o.words()},
			shape{Class: "hatch", D: hatch(x, y, w, h, 9)}, shape{Class: "out-edge", D: path("M", x, y, "v", h, "M", x+w, y, "v", h)})
	}
	return shapes
}

// words say one ejection.
func (o Out) words() string {
	s := breaker.Ordinal(o.Number) + " ejection"
	if o.Number == 0 {
		s = "out before the recording began"
	}
	s += fmt.Sprintf(", from %s to %s: %s", seconds(o.From), seconds(o.To), seconds(o.Seconds()))
	switch {
	case o.Cut != "":
		s += ", until " + o.Cut
	case !o.Returned:
		s += ", still out at the end"
	}
	return s
}

// laneOuts are the labels of ejections, as long as there is room for.
func (f frame) laneOuts(p *Pod, base float64) []shape {
	var shapes []shape
	for _, o := range p.Outs {
		from, to := f.x(o.From), f.x(o.To)
		lasted, number := seconds(o.Seconds()), breaker.Ordinal(o.Number)
		long := number + " ejection, out " + lasted
		if o.Number == 0 {
			number, long = "out", "out before, "+lasted
		}
		if !o.Returned && o.Cut == "" {
			long, lasted = long+" so far", lasted+" so far"
		}
		for _, label := range []string{long, number + " · " + lasted, number} {
			if w := width(label, f.text); w+6 <= to-from {
				shapes = append(shapes, text("out-label middle", (from+to)/2, base+f.text*0.36, label))
				break
			}
		}
	}
	return shapes
}
