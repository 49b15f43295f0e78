package envoy

import (
	"slices"
	"time"
)

// view is what a worker's balancer knows: hosts by priority, and those in rotation.
type view struct{ priorities []level }

type level struct{ all, healthy []*Host }

// source is one list that a balancer picks from.
type source struct {
	priority int
	all      bool
}

func newView(hosts []*Host) view {
	var v view
	for _, h := range hosts {
		for len(v.priorities) <= h.Priority {
			v.priorities = append(v.priorities, level{})
		}
		l := &v.priorities[h.Priority]
		l.all = append(l.all, h)
		if h.told && !h.Unhealthy {
			l.healthy = append(l.healthy, h)
		}
	}
	return v
}

// Pick chooses the host of a request, and counts the request. Tried are hosts
// that a retry leaves out, for as many picks as Istio allows. It is nil where no
// host is left. Source: envoy source/extensions/load_balancing_policies/common/
// load_balancer_impl.cc, ZoneAwareLoadBalancerBase::chooseHost.
func (c *Cluster) Pick(at time.Time, tried ...*Host) *Host {
	c.Advance(at)
	h := c.leak()
	if h == nil {
		h = c.chooseHostOnce()
	}
	// host_selection_retry_max_attempts, by Istio (route/retry/retry.go).
	for range 5 {
		if h == nil || !slices.Contains(tried, h) {
			break
		}
		h = c.chooseHostOnce()
	}
	if h == nil {
		c.stats.noneHealthy++
		return nil
	}
	c.Take(at, h)
	return h
}

// Take counts a request to a host that was chosen elsewhere, as in a recording.
func (c *Cluster) Take(at time.Time, h *Host) {
	c.Advance(at)
	h.requests++
	h.active++
}

func (c *Cluster) chooseHostOnce() *Host {
	if len(c.view.priorities) == 0 {
		return nil
	}
	load, panics := c.view.loads(c.config.PanicPercent)
	p := choose(load, c.random.IntN(100))
	from, hosts := source{priority: p}, c.view.priorities[p].healthy
	if panics[p] {
		c.stats.panic++
		from.all, hosts = true, c.view.priorities[p].all
	}
	if len(hosts) == 0 {
		return nil
	}
	switch c.config.Balancer {
	case "ROUND_ROBIN":
		// Equal weights go by an index, which stays when hosts change. Source:
		// envoy round_robin_lb.h, unweightedHostPick.
		h := hosts[c.turns[from]%len(hosts)]
		c.turns[from]++
		return h
	case "RANDOM":
		return hosts[c.random.IntN(len(hosts))]
	default:
		// The less busy of two at random, which may be the same twice; the first
		// where both are as busy. Source: envoy least_request_lb.cc,
		// unweightedHostPickNChoices.
		first, second := hosts[c.random.IntN(len(hosts))], hosts[c.random.IntN(len(hosts))]
		if second.active < first.active {
			return second
		}
		return first
	}
}

// choose is the priority that a number below 100 falls to.
func choose(load []int, hash int) int {
	for p, share := range load {
		if hash -= share; hash < 0 {
			return p
		}
	}
	return 0
}

// loads are the percentages of requests for each priority, and which of them
// call every host. A priority with 1 of 1.4 of its hosts in rotation has all of
// its availability; where the sum reaches 100, nobody panics, however high the
// threshold. Source: envoy load_balancer_impl.cc, recalculatePerPriorityState,
// recalculatePerPriorityPanic, recalculateLoadInTotalPanic, isHostSetInPanic.
func (v view) loads(panicPercent float64) (load []int, panics []bool) {
	n, total, hosts := len(v.priorities), 0, 0
	available := make([]int, n)
	load, panics = make([]int, n), make([]bool, n)
	for p, l := range v.priorities {
		if hosts += len(l.all); len(l.all) > 0 {
			available[p] = min(100, 140*len(l.healthy)/len(l.all))
		}
		total += available[p]
	}
	total = min(total, 100)
	left := 100
	for p := range available {
		if total == 0 {
			break
		}
		load[p] = min(left, available[p]*100/total)
		left -= load[p]
	}
	load[firstAbove(available)] += left
	if total == 100 || total == 0 && panicPercent == 0 || hosts == 0 {
		return load, panics
	}
	everywhere := true
	for p, l := range v.priorities {
		healthy := 0.0
		if len(l.all) > 0 {
			healthy = 100 * float64(len(l.healthy)) / float64(len(l.all))
		}
		panics[p] = healthy < panicPercent
		everywhere = everywhere && panics[p]
	}
	if everywhere {
		left = 100
		for p, l := range v.priorities {
			load[p] = 100 * len(l.all) / hosts
			left -= load[p]
		}
		load[slices.IndexFunc(v.priorities, func(l level) bool { return len(l.all) > 0 })] += left
	}
	return load, panics
}

// firstAbove is the first priority that has any availability; 0 where none has.
func firstAbove(available []int) int {
	return max(slices.IndexFunc(available, func(a int) bool { return a > 0 }), 0)
}
