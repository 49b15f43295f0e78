package board

import (
	"slices"
	"strings"

	"istio-circuit-breaker/internal/timeline"
)

// OnOneClock is an entry with its times by the observer's clock, as far as the
// entries that were applied tell what that is.
func (b *Board) OnOneClock(e timeline.Entry) timeline.Entry {
	for _, c := range b.Clocks {
		if c.Name == timeline.SidecarClock {
			return e.Earlier(c.Ahead())
		}
	}
	return e
}

// clock keeps the newest estimate of each clock.
func (b *Board) clock(c timeline.Clock) {
	i, known := slices.BinarySearchFunc(b.Clocks, c.Name, func(k timeline.Clock, name string) int { return strings.Compare(k.Name, name) })
	if known {
		b.Clocks[i] = c
		return
	}
	b.Clocks = slices.Insert(b.Clocks, i, c)
}
