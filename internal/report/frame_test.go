package report

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"
	"time"

	"istio-circuit-breaker/internal/timeline"
)

var coordinate = regexp.MustCompile(`[ML](-?[\d.]+) (-?[\d.]+)`)

func TestHatchingStaysWithinItsRectangle(t *testing.T) {
	for _, r := range [][4]float64{{10, 20, 300, 40}, {10, 20, 5, 40}, {0, 0, 40, 5}, {3, 3, 0, 40}, {0, 0, 1, 1}} {
		for _, m := range coordinate.FindAllStringSubmatch(hatch(r[0], r[1], r[2], r[3], 9), -1) {
			x, _ := strconv.ParseFloat(m[1], 64)
			y, _ := strconv.ParseFloat(m[2], 64)
			if x < r[0] || x > r[0]+r[2] || y < r[1] || y > r[1]+r[3] {
				t.Errorf("hatch%v has the point %g, %g", r, x, y)
			}
		}
	}
	if hatch(0, 0, 300, 40, 9) == "" {
		t.Error("a large rectangle has no hatching")
	}
}

func TestPathsKeepTheirNumbersApart(t *testing.T) {
	if got, want := path("M", 1.0, 2.0, "h", -3.5, "a", 1.0, 1.0, " 0 1 1 ", 2.0, 0.0, "z"), "M1 2h-3.5a1 1 0 1 1  2 0z"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNumbersOfMarksDoNotLieOnOneAnother(t *testing.T) {
	r := &Run{Seconds: 100}
	for i := range 8 {
		r.marks = append(r.marks, mark{50 + float64(i)/10, "rule changed"})
	}
	for _, narrow := range []bool{false, true} {
		f := newFrame(narrow, 100, noon)
		_, over := f.across(r, 30, 100)
		before, numbers := -100.0, 0
		for _, s := range over {
			if s.Text == "" {
				continue
			}
			x, _ := strconv.ParseFloat(s.X, 64)
			if x-before < width("8", f.text) {
				t.Errorf("narrow %t: number %s at %g is %g behind the last", narrow, s.Text, x, x-before)
			}
			before, numbers = x, numbers+1
		}
		if numbers != 8 {
			t.Errorf("narrow %t: got %d numbers, want 8", narrow, numbers)
		}
	}
}

func TestAFewAnswersAreDrawnEachAndManyAsBars(t *testing.T) {
	tests := []struct {
		name         string
		answers      int
		length       float64
		wide, narrow bool
	}{
		{"a few", 50, 60, true, true},
		{"too dense for a phone", 450, 60, true, false},
		{"too many", 2000, 6000, false, false},
		{"all at once", 50, 0.01, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			entries := []timeline.Entry{head("watch", rule(3, time.Second, 50)), happened(60, timeline.Event{Kind: timeline.Disagreement})}
			for i := range tt.answers {
				entries = append(entries, replied(tt.length*float64(i)/float64(tt.answers), 0.001, fmt.Sprint(i%2), 200))
			}
			r := of(t, entries...).Runs[0]
			wide, narrow := newFrame(false, r.Seconds, r.Began).lanes(r)[0].each, newFrame(true, r.Seconds, r.Began).lanes(r)[0].each
			if wide != tt.wide || narrow != tt.narrow {
				t.Errorf("each: got %t wide and %t narrow, want %t and %t", wide, narrow, tt.wide, tt.narrow)
			}
		})
	}
}

func TestBarsOfABurstLeaveTheOthersVisible(t *testing.T) {
	even, burst := counted{{10}, {12}, {9}}, counted{{1}, {1}, {100}}
	if _, most, root := heights([]counted{even}); root || most != 12 {
		t.Errorf("an even load: most %d, by the root %t; want 12 in proportion", most, root)
	}
	height, most, root := heights([]counted{burst})
	if !root || most != 100 || height(1) != 0.1 || height(100) != 1 || height(1000) != 1 {
		t.Errorf("a burst: most %d, by the root %t, heights %g and %g; want 100, 0.1 and 1", most, root, height(1), height(100))
	}
	if height, most, _ := heights(nil); most != 0 || height(3) != 0 {
		t.Errorf("nothing: most %d, height %g; want none", most, height(3))
	}
}
