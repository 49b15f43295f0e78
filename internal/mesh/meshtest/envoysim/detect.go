package envoysim

import (
	"slices"
	"time"
)

// Book takes the end of a request to a host: putHttpResponseCode. A gateway error
// counts for both detectors, another 5xx starts the gateway's count again, and
// anything else starts both again. A detector fires when its count is equal to
// the threshold, not when it is above.
func (c *Cluster) Book(address string, code int, now time.Time) {
	c.Advance(now)
	h := c.find(address)
	if h == nil {
		return // removed while the request was under way
	}
	h.Active -= min(h.Active, 1)
	if code >= 500 {
		h.Errors++
	}
	o := c.config.Outlier
	if o == nil {
		return
	}
	if code < 500 {
		h.gateway, h.any5xx = 0, 0
		return
	}
	if code >= 502 && code <= 504 {
		if h.gateway++; h.gateway == o.Gateway {
			c.notices = append(c.notices, notice{now.Add(Post), h, Gateway})
		}
	} else {
		h.gateway = 0
	}
	if h.any5xx++; h.any5xx == o.Any5xx {
		c.notices = append(c.notices, notice{now.Add(Post), h, Any5xx})
	}
}

// Advance has the main thread do what is due, and the workers hear of changes
// whose window is over.
func (c *Cluster) Advance(now time.Time) {
	for {
		noticed := len(c.notices) > 0 && !c.notices[0].due.After(now)
		merged := !c.merging.IsZero() && !c.merging.After(now)
		switch {
		case merged && (!noticed || !c.merging.After(c.notices[0].due)):
			c.tell(c.merging)
		case noticed:
			n := c.notices[0]
			c.notices = c.notices[1:]
			c.decide(n, n.due)
		default:
			return
		}
	}
}

// decide is onConsecutiveErrorWorker: a host that is gone or out already is
// passed over, and its count then goes on beyond the threshold; otherwise the
// detector's count starts again, whether the host was ejected or not.
func (c *Cluster) decide(n notice, now time.Time) {
	if !slices.Contains(c.hosts, n.host) || n.host.Ejected {
		return
	}
	enforcing := c.config.Outlier.Enforcing5xx
	if n.kind == Gateway {
		enforcing = c.config.Outlier.EnforcingGateway
		c.counters.DetectedGateway++
	} else {
		c.counters.Detected5xx++
	}
	c.eject(n.host, n.kind, enforcing, now)
	if n.kind == Gateway {
		n.host.gateway = 0
	} else {
		n.host.any5xx = 0
	}
}

// eject is ejectHost: the percentage counts the host that is about to go, and is
// looked at before whether the detector is enforced. Only 0 and 100 are used of
// the enforcing percentages, so nothing is left to chance.
func (c *Cluster) eject(h *host, kind string, enforcing uint32, now time.Time) {
	o := c.config.Outlier
	share := 100 * float64(c.counters.EjectionsActive+1) / float64(len(c.hosts))
	may := share <= float64(min(o.MaxEjectionPercent, 100)) || o.AlwaysEjectOne && c.counters.EjectionsActive == 0
	switch {
	case !may && !c.IgnorePercent:
		c.counters.Overflow++
		return
	case enforcing == 0:
		c.log(h, Event{Time: now, Ejected: true, Type: kind, Since: since(now, h.back)})
		return
	}
	c.counters.EjectionsActive++
	c.counters.EnforcedTotal++
	if kind == Gateway {
		c.counters.EnforcedGateway++
	} else {
		c.counters.Enforced5xx++
	}
	h.Ejected, h.out = true, now
	h.ejections++
	// Envoy stops raising it once the time is at its most.
	if time.Duration(h.backoff)*o.BaseEjectionTime < o.MaxEjectionTime+o.BaseEjectionTime {
		h.backoff = c.raised(h.backoff)
	}
	c.changed(now)
	c.log(h, Event{Time: now, Ejected: true, Enforced: true, Type: kind, Since: since(now, h.back)})
}

// OnInterval is onIntervalTimer, which has to be called once an interval: it returns
// hosts whose time is over (checkHostForUneject), and lowers the factor of each
// host that has been back for an interval at least.
func (c *Cluster) OnInterval(now time.Time) {
	c.Advance(now)
	o := c.config.Outlier
	if o == nil {
		return
	}
	for _, h := range c.hosts {
		if h.Ejected && c.over(h, now) {
			c.uneject(h, now)
		}
	}
	for _, h := range c.hosts {
		if !h.Ejected && h.returned && now.Sub(h.back) >= o.Interval && h.backoff > 0 && !c.NeverForgets {
			h.backoff--
		}
	}
}

// over is min(base * factor, most) <= the time since the ejection; the jitter is
// 0, as Istio leaves it.
func (c *Cluster) over(h *host, now time.Time) bool {
	o := c.config.Outlier
	lasts := min(o.BaseEjectionTime*time.Duration(h.backoff), o.MaxEjectionTime)
	return !c.NeverBack && lasts+c.LateBy <= now.Sub(h.out)
}

// uneject is unejectHost: all counts in a row start again.
func (c *Cluster) uneject(h *host, now time.Time) {
	c.counters.EjectionsActive--
	h.Ejected, h.returned, h.back = false, true, now
	h.gateway, h.any5xx = 0, 0
	c.changed(now)
	c.log(h, Event{Time: now, Type: Any5xx, Since: since(now, h.out)})
}

func (c *Cluster) log(h *host, e Event) {
	e.Address, e.Number = h.Address, h.ejections
	c.events = append(c.events, e)
}

func since(now, then time.Time) time.Duration {
	if then.IsZero() {
		return 0
	}
	return now.Sub(then).Truncate(time.Second)
}
