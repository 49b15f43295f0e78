package screen

import (
	"fmt"
	"time"

	"istio-circuit-breaker/internal/timeline"
)

// near is how far apart two clocks may be without anybody noticing.
const near = 100 * time.Millisecond

// clocks names those that are certainly not the observer's, so that times of
// the log that do not fit are understood.
func (f *frame) clocks() *section {
	s := &section{least: 1}
	for _, c := range f.Clocks {
		if c.Least < near && c.Most > -near {
			continue
		}
		s.lines = append(s.lines, f.named("clock", words(offset(c), wary)))
	}
	return s
}

// offset says how far a clock is off.
func offset(c timeline.Clock) string {
	least, most, way := c.Least, c.Most, "ahead"
	if c.Most < 0 {
		least, most, way = -c.Most, -c.Least, "behind"
	}
	return fmt.Sprintf("the %s's is %.1f to %.1f s %s of this machine's", c.Name, least.Seconds(), most.Seconds(), way)
}
