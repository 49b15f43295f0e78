package main

import (
	"math"
	"testing"
	"time"
)

func TestPacer(t *testing.T) {
	const ms = time.Millisecond
	tests := map[string]struct {
		rate    float64
		elapsed time.Duration
		hits    uint64
		wait    time.Duration
		after   uint64
	}{
		"the first is sent at once":                       {10, 0, 0, 0, 1},
		"the second is an interval later":                 {10, 0, 1, 100 * ms, 2},
		"what has passed is not waited for":               {10, 30 * ms, 1, 70 * ms, 2},
		"workers each get their own turn":                 {10, 30 * ms, 5, 470 * ms, 6},
		"one that is due is sent at once":                 {10, 100 * ms, 1, 0, 2},
		"one that is a little late too":                   {10, 190 * ms, 1, 0, 2},
		"what is long overdue is left out":                {10, 4 * time.Second, 1, 0, 40},
		"and the rate goes on from there":                 {10, 4 * time.Second, 41, 100 * ms, 42},
		"a high rate makes up for the slack":              {1000, 4 * time.Second, 1, 0, 3901},
		"a low rate has no turn that a slow worker loses": {0.5, 3 * time.Second, 1, 0, 2},
		"a rate below one a second":                       {0.5, 0, 1, 2 * time.Second, 2},
		"rate 0 never waits":                              {0, 0, 1 << 40, 0, 1<<40 + 1},
		"days at the highest rate":                        {maxRate, 240 * time.Hour, 240 * 3600 * maxRate, 0, 240*3600*maxRate + 1},
		"days later, still to the interval":               {1000, 240 * time.Hour, 240*3600*1000 + 1, ms, 240*3600*1000 + 2},
		"a wait that no duration holds":                   {1e-9, 0, 100, math.MaxInt64, 101},
		"a rate that is nearly none":                      {5e-324, 0, 1, math.MaxInt64, 2},
		"more hits than can be sent":                      {1, 0, math.MaxUint64 - 1, math.MaxInt64, math.MaxUint64},
		"the longest time that there is":                  {maxRate, math.MaxInt64, 0, 0, 922337203675479},
		"a clock before the start":                        {10, -50 * ms, 1, 150 * ms, 2},
		"a clock long before the start":                   {10, math.MinInt64, 1, math.MaxInt64, 2},
		"a rate that is no rate":                          {-1, 0, 5, 0, 6},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			wait, after := pacer{tt.rate}.next(tt.elapsed, tt.hits)
			if wait != tt.wait || after != tt.after {
				t.Errorf("next(%v, %d) = %v, %d, want %v, %d", tt.elapsed, tt.hits, wait, after, tt.wait, tt.after)
			}
		})
	}
}

func TestPacerHoldsItsRateOverALongRun(t *testing.T) {
	for _, rate := range []float64{0.3, 3, 7, 333, 99_999} {
		p, elapsed, hits := pacer{rate}, time.Duration(0), uint64(0)
		for range 100_000 {
			var wait time.Duration
			wait, hits = p.next(elapsed, hits)
			elapsed += wait
		}
		want := float64(99_999) / rate
		if got := elapsed.Seconds(); math.Abs(got-want) > 1e-6*want || hits != 100_000 {
			t.Errorf("rate %v: %d requests in %vs, want 100000 in %vs", rate, hits, got, want)
		}
	}
}
