package verify

import (
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/judge"
	"istio-circuit-breaker/internal/mesh/meshtest"
)

// Without a log the threshold is measured again and again, by one request at a
// time: each time out of that, too, has to show enough answers of others.
func TestTimesOutAreShownCleanWhileTheThresholdIsMeasuredAgain(t *testing.T) {
	for name, concurrency := range map[string]int{"8 at once": 8, "30 at once": 30} {
		t.Run(name, func(t *testing.T) {
			r, err := world{rule: rule(10, 2*time.Second, 50), rate: 20, concurrency: concurrency, pods: meshtest.Pods(1, 1, 60*time.Millisecond),
				change: func(s *meshtest.Sim) { s.NoLog = true }}.run(t)
			if err != nil {
				t.Fatal(err)
			}
			again := 0
			for _, p := range r.Phases {
				if p.Name == judge.Trip {
					for _, e := range p.Evidence {
						again += strings.Count(e, "ejection ")
					}
				}
				if strings.Contains(p.Missing, "answers of others") {
					t.Errorf("%s: %s", p.Name, p.Missing)
				}
			}
			if again < 3 {
				t.Errorf("%d ejections: the threshold was not measured again", again)
			}
		})
	}
}
