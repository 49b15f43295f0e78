package report

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTicksOfTimeAreRoundOnAClock(t *testing.T) {
	tests := []struct {
		span float64
		most int
		want []float64
		step float64
	}{
		{0, 11, []float64{0}, 1},
		{math.NaN(), 11, []float64{0}, 1},
		{math.Inf(1), 11, []float64{0}, 1},
		{0.3, 5, []float64{0, 0.1, 0.2, 0.30000000000000004}, 0.1},
		{6.4, 11, []float64{0, 1, 2, 3, 4, 5, 6}, 1},
		{48, 5, []float64{0, 15, 30, 45}, 15},
		{60, 5, []float64{0, 15, 30, 45, 60}, 15},
		{150, 11, []float64{0, 15, 30, 45, 60, 75, 90, 105, 120, 135, 150}, 15},
		{1800, 11, []float64{0, 300, 600, 900, 1200, 1500, 1800}, 300},
		{24 * 3600, 5, []float64{0, 10 * 3600, 20 * 3600}, 10 * 3600},
	}
	for _, tt := range tests {
		got, step := timeTicks(tt.span, tt.most)
		if diff := cmp.Diff(tt.want, got); diff != "" || step != tt.step {
			t.Errorf("timeTicks(%g, %d) = step %g, want %g (-want +got):\n%s", tt.span, tt.most, step, tt.step, diff)
		}
	}
}

func TestTicksAreFewAndWithinTheSpan(t *testing.T) {
	for span := 1e-6; span < 1e10; span *= 1.37 {
		for _, most := range []int{2, 5, 11} {
			ticks, _ := timeTicks(span, most)
			if len(ticks) < 1 || len(ticks) > most || !slices.IsSorted(ticks) || ticks[len(ticks)-1] > span*(1+1e-6) {
				t.Errorf("timeTicks(%g, %d) = %v", span, most, ticks)
			}
		}
	}
}

func TestAScaleOfValuesIsLogarithmicWhereTheyAreFarApart(t *testing.T) {
	tests := []struct {
		lo, hi float64
		log    bool
		ticks  []float64
	}{
		{0, 0, false, []float64{0, 1}},
		{0.002, 0.0047, false, []float64{0, 0.001, 0.002, 0.003, 0.004, 0.005}},
		{0.5, 4, false, []float64{0, 1, 2, 3, 4}},
		{0.001, 4, true, []float64{0.001, 0.01, 0.1, 1, 10}},
		{0, 4, true, []float64{1e-06, 0.0001, 0.01, 1, 100}},
	}
	for _, tt := range tests {
		got := valueScale(tt.lo, tt.hi, 6)
		near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(a, b) })
		if diff := cmp.Diff(tt.ticks, got.ticks, near); diff != "" || got.log != tt.log {
			t.Errorf("valueScale(%g, %g): log %t, want %t; ticks (-want +got):\n%s", tt.lo, tt.hi, got.log, tt.log, diff)
		}
	}
}

func TestAValueStandsBetweenTheEndsOfItsScale(t *testing.T) {
	for _, s := range []scale{valueScale(0.001, 4, 6), valueScale(0.5, 4, 6), valueScale(0, 0, 6)} {
		before := -1.0
		for _, v := range []float64{-1, 0, 1e-9, 0.001, 0.1, 1, 4, 1e9} {
			at := s.at(v)
			if math.IsNaN(at) || at < 0 || at > 1 || at < before {
				t.Errorf("at(%g) of %+v = %g, want 0 to 1 and not below %g", v, s, at, before)
			}
			before = at
		}
	}
}

func TestCoordinatesAreShort(t *testing.T) {
	for v, want := range map[float64]string{0: "0", -0.01: "0", 1.25: "1.3", 12: "12", -3.14159: "-3.1", 1000.04: "1000"} {
		if got := num(v); got != want {
			t.Errorf("num(%g) = %q, want %q", v, got, want)
		}
	}
}
