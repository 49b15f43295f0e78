package report

import (
	"fmt"
	"strings"
)

// Looks of the kinds of answers: a class for the colour, and a form.
var looks = [kinds]struct {
	class, name string
	form        func(x, y, r float64) string
}{
	ok:      {"ok", "2xx or 3xx", circle},
	gateway: {"gateway", "502, 503 or 504", cross},
	other:   {"other", "any other code", diamond},
	silent:  {"silent", "no answer", square},
}

func circle(x, y, r float64) string {
	return path("M", x-r, y, "a", r, r, " 0 1 1 ", 2*r, 0.0, "a", r, r, " 0 1 1 ", -2*r, 0.0, "z")
}

func cross(x, y, r float64) string {
	return path("M", x-r, y-r, "l", 2*r, 2*r, "m", 0.0, -2*r, "l", -2*r, 2*r)
}

func diamond(x, y, r float64) string {
	r *= 1.3
	return path("M", x, y-r, "l", r, r, "l", -r, r, "l", -r, -r, "z")
}

func square(x, y, r float64) string { return rect(x-r, y-r, 2*r, 2*r) }

// words say one answer.
func (a answer) words() string {
	s := fmt.Sprintf("%d after %s", a.code, latency(a.took))
	if a.kind == silent {
		s = "no answer after " + latency(a.took)
	}
	return s + ", asked for at " + seconds(a.sent)
}

// laneAnswers draws the answers of a lane one by one.
func (f frame) laneAnswers(answers []answer, base, half float64) []shape {
	var shapes []shape
	var tails strings.Builder
	together := [kinds]strings.Builder{}
	size, reach := 2.6, half*0.62
	if f.narrow {
		size = 2
	}
	for _, a := range answers {
		x, y := f.x(a.end), base+reach
		if a.kind == ok {
			y = base - reach
		}
		if w := x - f.x(a.sent); w > size+1 {
			tails.WriteString(path("M", x-w, y, "H", x-size))
		}
		d := path("M", x, base, "V", y) + looks[a.kind].form(x, y, size)
		if f.narrow { // nobody hovers on a phone
			together[a.kind].WriteString(d)
			continue
		}
		shapes = append(shapes, shape{Class: "answer " + looks[a.kind].class, D: d, Title: a.words()})
	}
	for k := range together {
		if together[k].Len() > 0 {
			shapes = append(shapes, shape{Class: "answer " + looks[k].class, D: together[k].String()})
		}
	}
	if tails.Len() > 0 {
		shapes = append([]shape{{Class: "tail", D: tails.String()}}, shapes...)
	}
	return shapes
}

// leastBar is the height of a bar that can be seen, in pixels.
const leastBar = 4.0

// laneBars draws the answers of a lane as bars, the good ones up, the others
// stacked downwards.
func (f frame) laneBars(bins counted, base, half float64, height func(int) float64) []shape {
	var bars [kinds]strings.Builder
	for i, bin := range bins {
		x := f.binX(i)
		if n := bin[ok]; n > 0 {
			bars[ok].WriteString(path("M", x, base-0.5, "v", -max(height(n)*(half-2), leastBar)))
		}
		bad := bin[gateway] + bin[other] + bin[silent]
		if bad == 0 {
			continue
		}
		y, whole := base+0.5, max(height(bad)*(half-2), leastBar)
		for _, k := range []kind{gateway, other, silent} {
			if bin[k] == 0 {
				continue
			}
			h := whole * float64(bin[k]) / float64(bad)
			bars[k].WriteString(path("M", x, y, "v", h))
			y += h
		}
	}
	var shapes []shape
	for k := range bars {
		if bars[k].Len() > 0 {
			shapes = append(shapes, shape{Class: "bar " + looks[k].class, D: bars[k].String()})
		}
	}
	return shapes
}
