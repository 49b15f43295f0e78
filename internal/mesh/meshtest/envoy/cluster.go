package envoy

import (
	"math/rand/v2"
	"time"

	"istio-circuit-breaker/internal/timeline"
)

// Host is one endpoint of a cluster.
type Host struct {
	Name     string
	Locality string
	// What /clusters shows: rq_total, rq_error, rq_success, rq_active.
	Requests, Errors, Successes, Active uint64
	// Out is the flag failed_outlier_check.
	Out bool

	gateway, any5xx uint32 // consecutive errors
	ejections       int
	backoff         int // eject_time_backoff
	ejected         time.Time
	unejected       time.Time
	hidden          bool // from the workers' balancers
}

// Event is a line of the outlier log.
type Event struct {
	Host     *Host
	At       time.Time
	Ejected  bool
	Enforced bool
	Type     string
	Number   int
	Since    time.Duration // since the host's last action; 0: there was none
}

// Cluster is one upstream cluster of a sidecar.
type Cluster struct {
	Config   timeline.Sidecar
	Hosts    []*Host
	Counters timeline.Counters
	// Caller is the locality of the caller; hosts elsewhere get nothing while one
	// there is in, where Zones is on.
	Caller string
	Zones  bool
	// Wrong makes another Envoy of it.
	Wrong Wrong

	turn    int
	random  *rand.Rand
	updated time.Time // when workers last heard of a change
	due     time.Time // when they hear of what is held back; zero: nothing is
}

// New is a cluster whose sidecar has just started.
func New(config timeline.Sidecar, hosts ...*Host) *Cluster {
	c := &Cluster{Config: config, Hosts: hosts, random: rand.New(rand.NewPCG(1, 2))}
	c.Counters.Exported = config.Outlier != nil
	return c
}

// Book takes the code of an answer as a worker does, and returns the types that
// reached their threshold; Decide is for the main thread to call with each, a
// moment later. Source: outlier_detection_impl.cc,
// DetectorHostMonitorImpl::putHttpResponseCode.
func (c *Cluster) Book(h *Host, code int) (reached []string) {
	h.Active--
	if code >= 500 {
		h.Errors++
	} else {
		h.Successes++
	}
	o := c.Config.Outlier
	if o == nil {
		return nil
	}
	if code < 500 {
		h.any5xx, h.gateway = 0, 0
		return nil
	}
	if code >= 502 && code <= 504 || c.Wrong.AnyCountsAsGateway {
		if h.gateway++; h.gateway == c.Wrong.threshold(o.Gateway) {
			reached = append(reached, Gateway)
		}
	} else {
		h.gateway = 0
	}
	if h.any5xx++; h.any5xx == c.Wrong.threshold(o.Any5xx) {
		reached = append(reached, Any5xx)
	}
	return reached
}

// Types of detectors as the log names them.
const (
	Gateway = "CONSECUTIVE_GATEWAY_FAILURE"
	Any5xx  = "CONSECUTIVE_5XX"
	success = "SUCCESS_RATE"
)

// Decide is the main thread's part. Source: outlier_detection_impl.cc,
// DetectorImpl::onConsecutiveError and ejectHost.
func (c *Cluster) Decide(h *Host, kind string, now time.Time) []Event {
	if h.Out {
		return nil // already
	}
	o, k := c.Config.Outlier, &c.Counters
	enforcing := o.EnforcingGateway
	if kind == Any5xx {
		enforcing = o.Enforcing5xx
	}
	if c.Wrong.Detected {
		enforcing = 0
	}
	switch kind {
	case Gateway:
		k.DetectedGateway++
		h.gateway = 0
	case Any5xx:
		k.Detected5xx++
		h.any5xx = 0
	}
	// The percentage counts the host that is about to go.
	active := 0
	for _, other := range c.Hosts {
		if other.Out {
			active++
		}
	}
	share := 100 * float64(active+1) / float64(len(c.Hosts))
	if share > float64(min(o.MaxEjectionPercent, 100)) && !(o.AlwaysEjectOne && active == 0) && !c.Wrong.AnyPercent {
		k.Overflow++
		return nil
	}
	if enforcing == 0 {
		return []Event{{Host: h, At: now, Ejected: true, Type: kind, Number: h.ejections + 1, Since: h.since(now)}}
	}
	return []Event{c.eject(h, kind, now)}
}

func (c *Cluster) eject(h *Host, kind string, now time.Time) Event {
	if c.Wrong.Detector != "" {
		kind = c.Wrong.Detector
	}
	k := &c.Counters
	k.EjectionsActive++
	k.EnforcedTotal++
	switch kind {
	case Gateway:
		k.EnforcedGateway++
	case Any5xx:
		k.Enforced5xx++
	default:
		k.EnforcedOther++
	}
	since := h.since(now)
	h.Out, h.ejected = true, now
	h.ejections++
	// Source: DetectorHostMonitorImpl::eject; it stops rising at the cap.
	o := c.Config.Outlier
	if time.Duration(h.backoff)*o.BaseEjectionTime < o.MaxEjectionTime+o.BaseEjectionTime {
		h.backoff++
	}
	c.tell(now)
	return Event{Host: h, At: now, Ejected: true, Enforced: true, Type: kind, Number: h.ejections, Since: since}
}

func (h *Host) since(now time.Time) time.Duration {
	last := h.ejected
	if h.unejected.After(last) {
		last = h.unejected
	}
	if last.IsZero() {
		return 0
	}
	return now.Sub(last)
}

// Sweep is what happens each interval. Source: DetectorImpl::onIntervalTimer and
// checkHostForUneject.
func (c *Cluster) Sweep(now time.Time) []Event {
	o := c.Config.Outlier
	if o == nil {
		return nil
	}
	var events []Event
	for _, h := range c.Hosts {
		if !h.Out {
			if h.backoff > 0 && now.Sub(h.unejected) >= o.Interval && !c.Wrong.KeepsBackoff {
				h.backoff--
			}
			continue
		}
		least := min(o.BaseEjectionTime*time.Duration(c.Wrong.factor(h.backoff)), max(o.MaxEjectionTime, o.BaseEjectionTime))
		if now.Sub(h.ejected) < c.Wrong.time(least) || c.Wrong.NeverBack {
			continue
		}
		since := h.since(now)
		h.Out, h.unejected, h.gateway, h.any5xx = false, now, 0, 0
		c.Counters.EjectionsActive--
		c.tell(now)
		events = append(events, Event{Host: h, At: now, Number: h.ejections, Since: since})
	}
	return events
}
