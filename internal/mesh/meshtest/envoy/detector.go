package envoy

import "time"

// Detector is an ejection's type as Envoy's log names it.
type Detector string

// Detectors of errors in a row.
const (
	Any5xx             Detector = "CONSECUTIVE_5XX"
	GatewayFailure     Detector = "CONSECUTIVE_GATEWAY_FAILURE"
	LocalOriginFailure Detector = "CONSECUTIVE_LOCAL_ORIGIN_FAILURE"
)

// detected posts to the main thread, which decides. Source: envoy
// outlier_detection_impl.cc, DetectorImpl::notifyMainThreadConsecutiveError.
func (c *Cluster) detected(h *Host, by Detector) {
	c.post(c.now.Add(c.config.Thread), func() { c.onConsecutiveError(h, by) })
}

// onConsecutiveError runs on the main thread. A host that is out, or gone, is
// left alone, and its count goes on. Source: envoy outlier_detection_impl.cc,
// DetectorImpl::onConsecutiveErrorWorker.
func (c *Cluster) onConsecutiveError(h *Host, by Detector) {
	if h.gone || h.ejected {
		return
	}
	c.stats.detected[by]++
	c.ejectHost(h, by)
	switch by {
	case Any5xx:
		h.any5xx = 0
	case GatewayFailure:
		h.gateway = 0
	case LocalOriginFailure:
		h.local = 0
	}
}

// ejectHost ejects where the percentage allows one more, counted with it. There
// is no exception for the first host since Envoy 1.28. Source: envoy
// outlier_detection_impl.cc, DetectorImpl::ejectHost.
func (c *Cluster) ejectHost(h *Host, by Detector) {
	o := c.config.Outlier
	may := 100*float64(c.stats.active+1)/float64(len(c.hosts)) <= float64(min(o.MaxEjectionPercent, 100))
	if o.AlwaysEjectOne && c.stats.active == 0 {
		may = true
	}
	if !may && !c.config.Wrong.AnyPercent {
		c.stats.overflow++
		return
	}
	if c.config.Wrong.Detected || !c.enforced(by) {
		c.log(Event{Host: h.Address, Ejected: true, Detector: by, Number: h.ejections}, h.back)
		return
	}
	c.eject(h, by)
	for _, other := range c.hosts {
		if other.Address == c.config.Wrong.Along && !other.ejected {
			c.eject(other, by)
		}
	}
}

func (c *Cluster) eject(h *Host, by Detector) {
	o := c.config.Outlier
	if c.config.Wrong.Detector != "" {
		by = c.config.Wrong.Detector
	}
	c.stats.active++
	c.stats.enforcedTotal++
	c.stats.enforced[by]++
	h.ejected, h.out = true, c.now
	h.ejections++
	h.jitter = time.Duration(c.dice.Int64N(o.Jitter.Milliseconds()+1)) * time.Millisecond
	// The factor stops where the time is at its cap already.
	if time.Duration(h.backoff)*o.BaseEjectionTime < o.MaxEjectionTime+o.BaseEjectionTime {
		h.backoff++
	}
	c.changed(h)
	c.log(Event{Host: h.Address, Ejected: true, Enforced: true, Detector: by, Number: h.ejections}, h.back)
}

// enforced is by percentage, at random between 0 and 100. Source: envoy
// outlier_detection_impl.cc, DetectorImpl::enforceEjection.
func (c *Cluster) enforced(by Detector) bool {
	o := c.config.Outlier
	percent := map[Detector]uint32{Any5xx: o.Enforcing5xx, GatewayFailure: o.EnforcingGateway, LocalOriginFailure: o.EnforcingLocal}[by]
	return uint32(c.dice.IntN(100)) < percent
}

// Sweep does at once what the next sweep would; the one after it comes an interval
// later.
func (c *Cluster) Sweep(at time.Time) {
	c.Advance(at)
	if c.config.Outlier != nil {
		c.sweep()
	}
}

// sweep returns hosts whose time is over, and has the factor of each that was
// back for an interval fall by one. Source: envoy outlier_detection_impl.cc,
// DetectorImpl::onIntervalTimer, checkHostForUneject.
func (c *Cluster) sweep() {
	o := c.config.Outlier
	for _, h := range c.hosts {
		if h.ejected && c.config.Wrong.out(*o, h.backoff)+h.jitter <= c.now.Sub(h.out) && !c.config.Wrong.NeverBack {
			c.uneject(h)
		}
	}
	for _, h := range c.hosts {
		if !h.ejected && !h.back.IsZero() && c.now.Sub(h.back) >= o.Interval && h.backoff > 0 && !c.config.Wrong.KeepsBackoff {
			h.backoff--
		}
	}
	c.armSweep()
}

// uneject starts the counts of the host again. Source: envoy
// outlier_detection_impl.cc, DetectorImpl::unejectHost.
func (c *Cluster) uneject(h *Host) {
	c.stats.active--
	h.ejected, h.back = false, c.now
	h.any5xx, h.gateway, h.local = 0, 0, 0
	c.changed(h)
	c.log(Event{Host: h.Address, Number: h.ejections}, h.out)
}

// armSweep sets the timer when the sweep before is done, not at a fixed rhythm.
// Source: envoy outlier_detection_impl.cc, DetectorImpl::armIntervalTimer.
func (c *Cluster) armSweep() {
	c.sweepAt = time.Time{}
	if o := c.config.Outlier; o != nil {
		c.sweepAt = c.now.Add(o.Interval).Add(c.late())
	}
}
