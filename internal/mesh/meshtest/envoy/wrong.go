package envoy

import (
	"math/rand/v2"
	"time"
)

// Wrong is how an Envoy may be wrong. The zero Wrong is right.
type Wrong struct {
	Threshold          int    // added to each threshold
	Detector           string // that every ejection is booked to
	Detected           bool   // ejections are detected and not enforced
	AnyCountsAsGateway bool   // every 5xx is a gateway failure
	AnyPercent         bool   // max_ejection_percent is not kept
	NoGrowth           bool   // each ejection lasts as the first
	KeepsBackoff       bool   // the time out never becomes shorter again
	NeverBack          bool
	Times              float64       // factor of each time out; 0 is 1
	Plus               time.Duration // added to each time out
	BackWithoutTraffic bool          // returned by its flag, not for the workers
	Leaks              int           // of 100 requests that go to a host that is out
	LeaksFrom          int           // the number of the ejection from which it leaks
}

func (w Wrong) threshold(t uint32) uint32 {
	if t == 0 {
		return 0
	}
	return uint32(max(int(t)+w.Threshold, 1))
}

func (w Wrong) factor(backoff int) int {
	if w.NoGrowth {
		return 1
	}
	return backoff
}

func (w Wrong) time(t time.Duration) time.Duration {
	if w.Times > 0 {
		t = time.Duration(float64(t) * w.Times)
	}
	return t + w.Plus
}

func (w Wrong) leak(hosts []*Host, random *rand.Rand) *Host {
	if w.Leaks == 0 {
		return nil
	}
	for _, h := range hosts {
		if h.hidden && h.Out && h.ejections >= max(w.LeaksFrom, 1) && random.IntN(100) < w.Leaks {
			return h
		}
	}
	return nil
}
