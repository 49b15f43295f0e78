package callers

import (
	"bytes"
	"context"
	"time"

	"istio-circuit-breaker/internal/envoyadmin"
)

// log follows the outlier log.
func (f *follower) log(ctx context.Context) {
	back, pause := time.Duration(0), firstPause
	for ctx.Err() == nil {
		heard := time.Now()
		err := f.envoy.Log(ctx, back, func(line []byte) {
			heard, pause = time.Now(), firstPause
			if !bytes.Contains(line, []byte(`"cluster_name"`)) { // an access log's, say
				return
			}
			e, ok := envoyadmin.ParseEvent(line)
			if !ok || !f.s.scope.Target.Has(e.Cluster) {
				return
			}
			select {
			case f.poke <- struct{}{}:
			default:
			}
			f.mu.Lock()
			var events []Event
			if v := f.views[e.Cluster]; v != nil {
				events = v.line(heard, e)
			}
			f.mu.Unlock()
			f.s.tell(ctx, events)
		})
		if err == nil || ctx.Err() != nil {
			return
		}
		back = time.Since(heard) + time.Second
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}
