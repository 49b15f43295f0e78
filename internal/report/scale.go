package report

import (
	"math"
	"strconv"
)

// steps are the round steps of an axis of seconds up to an hour: parts of a
// minute and of an hour, as on a clock.
var steps = []float64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600}

// timeTicks are round times in seconds from 0 to span, at most most of them,
// and the step between them. A span that is no time has the one tick 0.
func timeTicks(span float64, most int) (ticks []float64, step float64) {
	if !(span > 0) || math.IsInf(span, 0) || most < 2 {
		return []float64{0}, 1
	}
	least := span / float64(most-1)
	switch {
	case least < 1:
		step = niceStep(least)
	case least > 3600:
		step = 3600 * niceStep(least/3600)
	default:
		for _, step = range steps {
			if step >= least {
				break
			}
		}
	}
	for i := 0.0; i < float64(most) && i*step <= span*(1+1e-9); i++ {
		ticks = append(ticks, i*step)
	}
	return ticks, step
}

// niceStep is the least of 1, 2 and 5 times a power of ten that is not below least.
func niceStep(least float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, f := range []float64{1, 2, 5} {
		if f*power >= least*(1-1e-9) {
			return f * power
		}
	}
	return 10 * power
}

// scale maps values from lo to hi to 0 to 1, in proportion or by their logarithm.
type scale struct {
	lo, hi float64
	log    bool
	ticks  []float64
}

// logFrom is the ratio of the largest to the smallest value from which on a
// scale in proportion would press the small ones into one line.
const logFrom = 40

// valueScale is the scale for positive values between lo and hi, with at most
// most ticks. It begins and ends at a tick.
func valueScale(lo, hi float64, most int) scale {
	if !(hi > 0) || math.IsInf(hi, 0) {
		return scale{hi: 1, ticks: []float64{0, 1}}
	}
	if lo = max(lo, hi/1e6); hi/lo >= logFrom {
		return logScale(lo, hi, most)
	}
	step := niceStep(hi / float64(max(most-1, 1)))
	s := scale{}
	for i := 0.0; ; i++ {
		s.hi = i * step
		s.ticks = append(s.ticks, s.hi)
		if s.hi >= hi*(1-1e-9) {
			return s
		}
	}
}

func logScale(lo, hi float64, most int) scale {
	from, to := math.Floor(math.Log10(lo)+1e-9), math.Ceil(math.Log10(hi)-1e-9)
	each := max(math.Ceil((to-from)/float64(max(most-1, 1))), 1)
	to = from + each*max(math.Ceil((to-from)/each), 1)
	s := scale{log: true, lo: math.Pow(10, from), hi: math.Pow(10, to)}
	for p := from; p <= to; p += each {
		s.ticks = append(s.ticks, math.Pow(10, p))
	}
	return s
}

// at is the place of a value, 0 at the lower end and 1 at the upper.
func (s scale) at(v float64) float64 {
	lo, hi := s.lo, s.hi
	if s.log {
		lo, hi, v = math.Log10(lo), math.Log10(hi), math.Log10(max(v, s.lo))
	}
	return min(max((v-lo)/(hi-lo), 0), 1)
}

// num is a coordinate: a tenth of a pixel is enough for the eye.
func num(v float64) string {
	s := strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
	if s == "-0" {
		return "0"
	}
	return s
}
