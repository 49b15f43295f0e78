// Package envoysim is one cluster of one Envoy as a state machine: which host a
// request goes to, what its answer does to the host, and when a host is ejected
// and returns. It has no clock, input or output: every call says what time it is.
//
// It is written after Envoy's sources alone and shares nothing with
// internal/breaker, which it is there to check. Source, where nothing else is
// said: envoy source/common/upstream/outlier_detection_impl.cc.
package envoysim

import (
	"math/rand/v2"
	"time"

	"istio-circuit-breaker/internal/timeline"
)

// Post is how long a worker's notice takes to the main thread, which ejects
// (notifyMainThreadConsecutiveError). Measured on an idle machine.
const Post = 200 * time.Microsecond

// Types of an ejection, as the outlier log names them.
const (
	Gateway = "CONSECUTIVE_GATEWAY_FAILURE"
	Any5xx  = "CONSECUTIVE_5XX"
)

// Host is where requests go.
type Host struct {
	Address string
	// Locality, of which the first host's is the caller's.
	Locality string
}

// Seen is a host as the admin interface shows it.
type Seen struct {
	Host
	Ejected                  bool
	Requests, Errors, Active uint64 // rq_total, rq_error, rq_active
}

// Event is one line of the outlier log.
type Event struct {
	Time     time.Time
	Address  string
	Ejected  bool
	Enforced bool
	Type     string // Any5xx, the field's zero, in a return
	Number   int
	Since    time.Duration // since the last change the other way
}

// host is a Host with its monitor (DetectorHostMonitorImpl).
type host struct {
	Seen
	gateway, any5xx uint32 // in a row
	backoff         int    // eject_time_backoff
	ejections       int
	out, back       time.Time // of the last ejection and return
	returned        bool
	known           bool // to the workers as ejected
}

// notice is a worker's to the main thread.
type notice struct {
	due  time.Time
	host *host
	kind string
}

// Cluster is the state. It is not safe for concurrent use.
type Cluster struct {
	Flaws
	config   timeline.Sidecar
	hosts    []*host
	counters timeline.Counters
	notices  []notice
	events   []Event
	random   *rand.Rand
	turn     int
	updated  time.Time // when the workers were last told of a change
	merging  time.Time // when they hear of what is held back; zero: nothing is
}

// New makes a cluster, whose counters begin at those of the one it replaces.
func New(config timeline.Sidecar, seed uint64, counters timeline.Counters, hosts ...Host) *Cluster {
	counters.EjectionsActive = 0
	c := &Cluster{config: config, counters: counters, random: rand.New(rand.NewPCG(seed, 0))}
	for _, h := range hosts {
		c.hosts = append(c.hosts, &host{Seen: Seen{Host: h}})
	}
	return c
}

// SetHosts replaces the hosts; those that stay keep their state. The workers hear
// of it at once: only changes of health are merged.
// Source: envoy source/common/upstream/cluster_manager_impl.cc, scheduleUpdate.
func (c *Cluster) SetHosts(now time.Time, hosts ...Host) {
	c.Advance(now)
	var next []*host
	for _, h := range hosts {
		if had := c.find(h.Address); had != nil {
			next = append(next, had)
		} else {
			next = append(next, &host{Seen: Seen{Host: h}})
		}
	}
	c.hosts, c.counters.EjectionsActive = next, 0
	for _, h := range c.hosts {
		if h.Ejected {
			c.counters.EjectionsActive++
		}
	}
	c.tell(now)
}

// Hosts are all of them.
func (c *Cluster) Hosts() []Seen {
	seen := make([]Seen, 0, len(c.hosts))
	for _, h := range c.hosts {
		seen = append(seen, h.Seen)
	}
	return seen
}

// Counters of the cluster.
func (c *Cluster) Counters() timeline.Counters {
	all := c.counters
	all.Exported = c.config.Outlier != nil // without it Envoy has none of its statistics
	return all
}

// Events are those since the last call.
func (c *Cluster) Events() []Event {
	events := c.events
	c.events = nil
	return events
}

func (c *Cluster) find(address string) *host {
	for _, h := range c.hosts {
		if h.Address == address {
			return h
		}
	}
	return nil
}
