package verify

import (
	"math"
	"time"

	"istio-circuit-breaker/internal/judge"
	"istio-circuit-breaker/internal/mesh"
)

const (
	// lead is how long before the return a burst begins: starting it takes time.
	lead = 1500 * time.Millisecond
	// most bounds the workers of a burst.
	most = 400
)

// burst is a load that reaches the threshold of every faulty pod within half a
// sweep. Workers gather at the slow pods, so as many are needed as leave each
// pod enough of them whose random delay happens to be short.
func (d *driver) burst() mesh.Load {
	_, failing := d.record.PodsNow()
	share := min(d.rule.Sweep().Seconds()/2/max(d.record.Slowest().Seconds(), 0.001), 1)
	workers := math.Ceil(1.5 * float64(d.threshold()) / share * float64(failing))
	l := d.Load
	l.Concurrency = int(min(max(workers, float64(l.Concurrency)), most))
	// Enough to fill the workers within a fifth of a second, not to flood the rest.
	l.Rate = max(l.Rate, min(max(5*float64(l.Concurrency), 100), 600))
	return l
}

// calling is the load during a time out: the one that was asked for, or as many
// a second as show in the time that the others answer.
func (d *driver) calling() mesh.Load {
	l := d.Load
	if least := perOut / max((d.rule.Out(1).Least-unshown).Seconds(), 0.3); l.Rate > 0 && l.Rate < least {
		l.Rate = math.Ceil(least)
	}
	return l
}

// callMore sends enough requests to show something in a time out that is short.
func (d *driver) callMore() error {
	if l := d.calling(); d.wants(judge.Clean) && l.Rate != d.load.Rate && d.load.Concurrency > 0 {
		return d.send(l, "Sending more requests a second, as a time out is short.")
	}
	return nil
}
