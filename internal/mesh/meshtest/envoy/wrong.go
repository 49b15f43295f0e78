package envoy

import "time"

// Wrong is how an Envoy breaks its own rules, for tests that have to notice. The
// zero Wrong is right.
type Wrong struct {
	Threshold          int           // added to each threshold
	ThresholdFrom      int           // number of a host's ejection from which it is added; 0 is 1
	Spares             string        // address of the host that is never ejected for its errors
	Detector           Detector      // that every ejection is booked to
	Detected           bool          // ejections are detected and not enforced
	AnyCountsAsGateway bool          // every 5xx is a gateway failure
	Remembers          bool          // good answers leave the counts of errors as they are
	Along              string        // address of the host that goes too whenever another one does
	AnyPercent         bool          // max_ejection_percent is not kept
	NoGrowth           bool          // each ejection lasts as the first
	KeepsBackoff       bool          // the time out never becomes shorter again
	NeverBack          bool          // a host that is out stays out
	Times              float64       // factor of each time out; 0 is 1
	Plus               time.Duration // added to each time out
	BackWithoutTraffic bool          // returned by its flag, and not for the workers
	Leaks              int           // of 100 requests that go to a host that is out
	LeaksFrom          int           // number of the ejection from which it leaks; 0 is 1
}

// threshold is the one that a host's errors are held against; 0 is none.
func (w Wrong) threshold(h *Host, t uint32) uint32 {
	switch {
	case t == 0 || w.Spares == h.Address:
		return 0
	case h.ejections+1 < w.ThresholdFrom:
		return t
	}
	return uint32(max(int(t)+w.Threshold, 1))
}

// out is how long a host is out by itself, of what its configuration says.
func (w Wrong) out(o Outlier, backoff int) time.Duration {
	if w.NoGrowth {
		backoff = 1
	}
	t := min(time.Duration(backoff)*o.BaseEjectionTime, o.MaxEjectionTime)
	if w.Times > 0 {
		t = time.Duration(float64(t) * w.Times)
	}
	return t + w.Plus
}

// leak is a host that is out and gets a request all the same; nil is none.
func (c *Cluster) leak() *Host {
	w := c.config.Wrong
	if w.Leaks == 0 {
		return nil
	}
	for _, h := range c.hosts {
		if h.ejected && h.ejections >= max(w.LeaksFrom, 1) && c.random.IntN(100) < w.Leaks {
			return h
		}
	}
	return nil
}
