package envoysim

import "time"

// Window is update_merge_window, 1s unless it is set, for which a DestinationRule
// has no field. Source: envoy api/envoy/config/cluster/v3/cluster.proto.
const Window = time.Second

// changed hands a change of health to the workers: at once where the last one is
// longer ago than the window, else when a window is over, together with all that
// come meanwhile.
// Source: envoy source/common/upstream/cluster_manager_impl.cc, scheduleUpdate.
func (c *Cluster) changed(now time.Time) {
	switch {
	case c.updated.IsZero() || now.Sub(c.updated) > Window:
		c.tell(now)
	case c.merging.IsZero():
		c.merging = now.Add(Window)
	}
}

// tell has the workers see every host as it is.
func (c *Cluster) tell(now time.Time) {
	for _, h := range c.hosts {
		h.known = h.Ejected || c.NoTraffic && h.ejections > 0
	}
	c.updated, c.merging = now, time.Time{}
}

// Pick takes a host for a request, and counts it there. It is false where the
// balancer has none, which Envoy answers itself: 503, "no healthy upstream".
//
// Below the panic threshold the balancer takes every host, whatever its health.
// Source: envoy source/extensions/load_balancing_policies/common/load_balancer_impl.cc.
func (c *Cluster) Pick(now time.Time) (address string, found bool) {
	c.Advance(now)
	var healthy, all []*host
	for _, h := range c.hosts {
		if c.config.Locality && h.Locality != c.hosts[0].Locality {
			continue
		}
		all = append(all, h)
		if !h.known || c.leaks(h) {
			healthy = append(healthy, h)
		}
	}
	if share := 100 * float64(len(healthy)) / float64(max(len(all), 1)); c.config.Outlier != nil && share < c.config.PanicPercent {
		c.counters.Panic++
		healthy = all
	}
	if len(healthy) == 0 {
		c.counters.NoneHealthy++
		return "", false
	}
	h := c.choose(healthy)
	h.Requests++
	h.Active++
	return h.Address, true
}

// choose takes a host as the balancer's policy says: all in turn; or any; or of
// two of them that which has fewer requests under way, by Envoy's choice_count.
func (c *Cluster) choose(from []*host) *host {
	random := func() *host { return from[c.random.IntN(len(from))] }
	switch c.config.Balancer {
	case "LEAST_REQUEST":
		a, b := random(), random()
		if b.Active < a.Active {
			return b
		}
		return a
	case "RANDOM":
		return random()
	default:
		c.turn++
		return from[(c.turn-1)%len(from)]
	}
}

// Retried counts a request that is tried again.
func (c *Cluster) Retried() { c.counters.Retries++ }
