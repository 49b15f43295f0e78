package envoy

import "time"

// Host is one endpoint of the cluster, with what Envoy keeps of it.
type Host struct {
	Address  string
	Priority int // 0 is the first; from localities
	// Unhealthy is true where the control plane says so: it is a host, and is
	// not called.
	Unhealthy bool

	requests, successes, failures, active uint64
	ejected                               bool
	told                                  bool // in rotation, as the balancers will hear
	gone                                  bool // removed, or of a cluster that was replaced
	any5xx, gateway, local                uint32
	ejections                             int // num_ejections: it only rises
	backoff                               int // eject_time_backoff: how many times the base
	jitter                                time.Duration
	out, back                             time.Time // last_ejection_time, last_unejection_time
}

// Requests is the host's rq_total. Source of the four: envoy docs, operations,
// admin, /clusters.
func (h *Host) Requests() uint64 { return h.requests }

// Successes is the host's rq_success.
func (h *Host) Successes() uint64 { return h.successes }

// Errors is the host's rq_error: answers of 5xx and failed connections.
func (h *Host) Errors() uint64 { return h.failures }

// Active is the host's rq_active.
func (h *Host) Active() uint64 { return h.active }

// Ejected is the health flag failed_outlier_check.
func (h *Host) Ejected() bool { return h.ejected }

// Ejections counts the host's ejections.
func (h *Host) Ejections() int { return h.ejections }

// Book takes the status of an answer that a host gave at a time.
func (c *Cluster) Book(at time.Time, h *Host, code int) {
	c.Advance(at)
	h.active--
	if code >= 500 {
		h.failures++
	} else {
		h.successes++
	}
	c.putHTTPResponseCode(h, code)
	if o := c.config.Outlier; o != nil && o.Split {
		h.local = 0 // localOriginNoFailure: the connection was made
	}
}

// Cancel takes that a caller gave a request up: nothing is booked.
func (c *Cluster) Cancel(at time.Time, h *Host) {
	c.Advance(at)
	h.active--
}

// Refused takes that a connection to the host failed. Without the split of
// errors it counts as a 503 of the host. Source: envoy outlier_detection_impl.cc,
// resultToHttpCode, putResultNoLocalExternalSplit, localOriginFailure.
func (c *Cluster) Refused(at time.Time, h *Host) {
	c.Advance(at)
	h.active--
	h.failures++
	o := c.config.Outlier
	switch {
	case o == nil || h.gone:
	case !o.Split:
		c.putHTTPResponseCode(h, 503)
	default:
		if h.local++; h.local == o.Local {
			c.detected(h, LocalOriginFailure)
		}
	}
}

// putHTTPResponseCode counts on a worker. A count fires where it equals its
// threshold, so that errors beyond it fire nothing. Source: envoy
// outlier_detection_impl.cc, DetectorHostMonitorImpl::putHttpResponseCode.
func (c *Cluster) putHTTPResponseCode(h *Host, code int) {
	o := c.config.Outlier
	if o == nil || h.gone {
		return
	}
	wrong := c.config.Wrong
	if code < 500 || code > 599 {
		if !wrong.Remembers {
			h.any5xx, h.gateway = 0, 0
		}
		return
	}
	if code >= 502 && code <= 504 || wrong.AnyCountsAsGateway {
		if h.gateway++; h.gateway == wrong.threshold(h, o.Gateway) {
			c.detected(h, GatewayFailure)
		}
	} else {
		h.gateway = 0
	}
	if h.any5xx++; h.any5xx == wrong.threshold(h, o.Any5xx) {
		c.detected(h, Any5xx)
	}
}
