package envoy

import "time"

// Event is one line of the outlier event log. Source: envoy
// api/envoy/data/cluster/v3/outlier_detection_event.proto.
type Event struct {
	At   time.Time
	Host string
	// Ejected is EJECT; false is UNEJECT, which names no detector and is not
	// marked as enforced.
	Ejected, Enforced bool
	Detector          Detector
	// Number is num_ejections; one that is only detected has that of before.
	Number int
	// Since the last return, or ejection, in whole seconds; nil where there was none.
	Since *time.Duration
}

// log notes an event. Source: envoy outlier_detection_impl.cc, EventLoggerImpl.
func (c *Cluster) log(e Event, last time.Time) {
	e.At = c.now
	if !last.IsZero() {
		since := c.now.Sub(last).Truncate(time.Second)
		e.Since = &since
	}
	c.events = append(c.events, e)
}

// Events are those since it was asked last.
func (c *Cluster) Events(at time.Time) []Event {
	c.Advance(at)
	events := c.events
	c.events = nil
	return events
}
