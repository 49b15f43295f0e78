package envoy

import (
	"slices"
	"time"
)

// mergeWindow is update_merge_window of a cluster, 1s unless set. Source: envoy
// source/common/upstream/cluster_manager_impl.cc, scheduleUpdate.
const mergeWindow = time.Second

// tell passes a change of health on to the workers: at once where the last update
// is longer ago than the window, else a whole window after the first change that
// is held back. An update that was held back begins a window of its own.
func (c *Cluster) tell(now time.Time) {
	switch {
	case c.updated.IsZero() || now.Sub(c.updated) > mergeWindow:
		c.Update(now)
	case c.due.IsZero():
		c.due = now.Add(mergeWindow)
	}
}

// Pass lets the workers hear of what is due.
func (c *Cluster) Pass(now time.Time) {
	if !c.due.IsZero() && !now.Before(c.due) {
		c.Update(c.due)
	}
}

// Update has the workers hear of everything at once, as where hosts come or go.
func (c *Cluster) Update(now time.Time) {
	c.due, c.updated = time.Time{}, now
	for _, h := range c.Hosts {
		h.hidden = h.Out || h.hidden && c.Wrong.BackWithoutTraffic
	}
}

// Pick takes a host for a request; nil where there is none, which callers see as
// 503 with "no healthy upstream". Source: source/extensions/load_balancing_policies,
// common/load_balancer_impl.cc (panic), round_robin, least_request, random.
func (c *Cluster) Pick(now time.Time) *Host {
	c.Pass(now)
	open := slices.DeleteFunc(slices.Clone(c.Hosts), func(h *Host) bool { return h.hidden })
	if c.Config.PanicPercent > 0 && 100*float64(len(open)) < c.Config.PanicPercent*float64(len(c.Hosts)) {
		c.Counters.Panic++
		open = slices.Clone(c.Hosts)
	}
	if c.Zones {
		if near := slices.DeleteFunc(slices.Clone(open), func(h *Host) bool { return h.Locality != c.Caller }); len(near) > 0 {
			open = near
		}
	}
	if leak := c.Wrong.leak(c.Hosts, c.random); leak != nil {
		open = []*Host{leak}
	}
	if len(open) == 0 {
		c.Counters.NoneHealthy++
		return nil
	}
	h := open[0]
	switch c.Config.Balancer {
	case "RANDOM":
		h = open[c.random.IntN(len(open))]
	case "LEAST_REQUEST": // of two that are taken at random
		h = open[c.random.IntN(len(open))]
		if other := open[c.random.IntN(len(open))]; other.Active < h.Active {
			h = other
		}
	default:
		// In turn, over all hosts, so that who is out does not move the others.
		for range c.Hosts {
			h = c.Hosts[c.turn%len(c.Hosts)]
			if c.turn++; slices.Contains(open, h) {
				break
			}
		}
	}
	h.Requests++
	h.Active++
	return h
}
