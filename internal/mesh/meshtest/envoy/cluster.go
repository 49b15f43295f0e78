package envoy

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Cluster is one cluster of an Envoy: the main thread's detector and a worker's
// balancer.
type Cluster struct {
	config Config
	hosts  []*Host
	view   view // what the balancers know
	stats  stats
	events []Event
	random *rand.Rand     // of balancers and timers
	dice   *rand.Rand     // of the detector, so that its numbers follow from the seed alone
	turns  map[source]int // of ROUND_ROBIN

	now      time.Time
	sweepAt  time.Time // zero: never
	updated  time.Time // last update of the balancers; zero: none yet
	updateAt time.Time // of what is held back; zero: nothing is
	posts    []post    // to another thread, in order of time
}

// post is something that another thread does at a time.
type post struct {
	at time.Time
	do func()
}

// New is a cluster without hosts.
func New(at time.Time, config Config) *Cluster {
	c := &Cluster{now: at, random: rand.New(rand.NewPCG(config.Seed, 1)), dice: rand.New(rand.NewPCG(config.Seed, 2)), turns: map[source]int{}, stats: newStats()}
	c.configure(config)
	return c
}

func (c *Cluster) configure(config Config) {
	c.config = config
	if config.Outlier != nil {
		own := *config.Outlier
		c.config.Outlier = &own
	}
	c.armSweep()
}

// Replace puts another configuration in force: a cluster of its own, whose hosts
// and ejections start again, while its counters go on, unless there is no outlier
// detection any more. Measured on Envoy 1.40.0. Source: envoy
// outlier_detection_impl.cc, DetectorImpl::~DetectorImpl, and
// cluster_manager_impl.cc, clusterWarmingToActive.
func (c *Cluster) Replace(at time.Time, config Config, hosts []Host) {
	c.Advance(at)
	for _, h := range c.hosts {
		h.gone = true
	}
	c.hosts, c.turns, c.stats.active, c.updateAt = nil, map[source]int{}, 0, time.Time{}
	if config.Outlier == nil {
		c.stats = newStats()
	}
	c.configure(config)
	c.SetHosts(at, hosts)
}

// SetHosts makes these the cluster's hosts. Those that stay, by address, keep
// what is known of them.
func (c *Cluster) SetHosts(at time.Time, hosts []Host) {
	c.Advance(at)
	had := len(c.hosts) > 0
	var next []*Host
	for _, h := range hosts {
		i := slices.IndexFunc(c.hosts, func(o *Host) bool { return o.Address == h.Address })
		if i < 0 {
			next = append(next, &Host{Address: h.Address, Priority: h.Priority, Unhealthy: h.Unhealthy, told: true})
			continue
		}
		kept := c.hosts[i]
		kept.Priority, kept.Unhealthy = h.Priority, h.Unhealthy
		next = append(next, kept)
	}
	for _, h := range c.hosts {
		if !slices.Contains(next, h) {
			if h.gone = true; h.ejected {
				c.stats.active--
			}
		}
	}
	c.hosts = next
	c.update()
	if !had {
		// The first hosts come with the cluster, which is no update of it.
		c.updated, c.view, c.posts = time.Time{}, newView(next), nil
	}
}

// Hosts are those of the cluster at a time.
func (c *Cluster) Hosts(at time.Time) []*Host {
	c.Advance(at)
	return c.hosts
}

// Next is when the cluster does something by itself; zero: never.
func (c *Cluster) Next() time.Time {
	next := c.sweepAt
	earlier := func(at time.Time) {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	earlier(c.updateAt)
	if len(c.posts) > 0 {
		earlier(c.posts[0].at)
	}
	return next
}

// Advance does what is due by a time, in order. A time before the last is taken
// for the last: calls of several goroutines may come in another order.
func (c *Cluster) Advance(at time.Time) {
	for {
		next := c.Next()
		if next.IsZero() || next.After(at) {
			break
		}
		c.now = next
		switch {
		case len(c.posts) > 0 && c.posts[0].at.Equal(next):
			p := c.posts[0]
			c.posts = c.posts[1:]
			p.do()
		case c.updateAt.Equal(next):
			c.update()
		default:
			c.sweep()
		}
	}
	if at.After(c.now) {
		c.now = at
	}
}

func (c *Cluster) post(at time.Time, do func()) {
	i := len(c.posts)
	for i > 0 && c.posts[i-1].at.After(at) {
		i--
	}
	c.posts = slices.Insert(c.posts, i, post{at, do})
}

func (c *Cluster) late() time.Duration {
	if c.config.Late <= 0 {
		return 0
	}
	return time.Duration(c.random.Int64N(int64(c.config.Late)))
}
