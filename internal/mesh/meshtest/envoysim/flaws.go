package envoysim

import "time"

// Flaws are what is wrong with a breaker on purpose. The zero value is Envoy as
// it is.
type Flaws struct {
	// IgnorePercent ejects whatever the percentage says.
	IgnorePercent bool
	// NeverBack keeps a host out for good.
	NeverBack bool
	// LateBy is how much longer each time out is than it should be; below 0 shorter.
	LateBy time.Duration
	// NoGrowth keeps every time out as long as the first, Doubles has each twice
	// as long as the one before, and NeverForgets has it never grow shorter.
	NoGrowth, Doubles, NeverForgets bool
	// NoTraffic keeps requests from a host that is back.
	NoTraffic bool
	// LeaksFrom is the number of the ejection, from 1, from which on requests go
	// to a host that is out; 0 is never. One request in LeakEvery does; 0 is each.
	LeaksFrom, LeakEvery int

	leaked int
}

func (f *Flaws) leaks(h *host) bool {
	if f.LeaksFrom == 0 || h.ejections < f.LeaksFrom {
		return false
	}
	f.leaked++
	return f.leaked%max(f.LeakEvery, 1) == 0
}

// raised is the factor after another ejection.
func (f *Flaws) raised(factor int) int {
	switch {
	case f.NoGrowth:
		return 1
	case f.Doubles:
		return max(2*factor, 1)
	default:
		return factor + 1
	}
}

// EjectNow ejects a host for nothing, as no Envoy does.
func (c *Cluster) EjectNow(address, kind string, now time.Time) {
	c.Advance(now)
	if h := c.find(address); h != nil && !h.Ejected {
		c.eject(h, kind, 100, now)
	}
}
