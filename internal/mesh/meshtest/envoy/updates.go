package envoy

import "time"

// changed has the workers' balancers hear of a change of a host's health: at
// once where the last update is longer ago than the merge window, else a whole
// window after the first change that is held back. Source: envoy
// source/common/upstream/cluster_manager_impl.cc, scheduleUpdate: it calls
// enableTimer(timeout), not with what is left of the window.
func (c *Cluster) changed(h *Host) {
	h.told = !h.ejected && !c.config.Wrong.BackWithoutTraffic
	window := c.config.MergeWindow
	// Whole milliseconds are compared.
	if window <= 0 || c.updated.IsZero() || c.now.Sub(c.updated).Truncate(time.Millisecond) > window {
		c.update()
		return
	}
	if c.updateAt.IsZero() {
		c.updateAt = c.now.Add(window).Add(c.late())
	}
}

// update tells the workers, and takes what was held back along. Hosts that come
// or go are never held back. Source: envoy cluster_manager_impl.cc, applyUpdates.
func (c *Cluster) update() {
	c.updated, c.updateAt = c.now, time.Time{}
	next := newView(c.hosts)
	c.post(c.now.Add(c.config.Thread), func() { c.view = next })
}
