package report

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"istio-circuit-breaker/internal/timeline"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// large is a run of n answers over half an hour by as many pods, of which every
// third fails and is out for a minute now and then. It is the same each time.
func large(n, pods int) []timeline.Entry {
	random := rand.New(rand.NewPCG(1, 2))
	const length = 30 * time.Minute
	entries := []timeline.Entry{{Time: noon, Header: &timeline.Header{Version: 1, Command: "watch", Service: "servicex-service.circuit-breaker.svc.cluster.local", Rule: rule(10, 30*time.Second, 50)}}}
	name := func(i int) string {
		if i%3 == 2 {
			return fmt.Sprintf("servicex-error-667958c87f-%05d", i)
		}
		return fmt.Sprintf("servicex-78c6675d4c-%05d", i)
	}
	var snapshot timeline.Snapshot
	for i := range pods {
		snapshot.Pods = append(snapshot.Pods, timeline.Pod{Name: name(i), Version: []string{"200", "200", "504"}[i%3], State: timeline.InRotation})
	}
	snapshot.Counters.Exported = true
	outUntil, outs := make([]time.Duration, pods), make([]int, pods)
	for i := range n {
		at := length * time.Duration(i) / time.Duration(n)
		if i%(1+n/1800) == 0 {
			s := snapshot
			entries = append(entries, timeline.Entry{Time: noon.Add(at), Snapshot: &s})
		}
		pod := random.IntN(pods)
		if outUntil[pod] > at {
			pod -= pod % 3
		}
		a := timeline.Answer{Pod: name(pod), Version: "200", Code: 200, Latency: time.Duration(1+random.ExpFloat64()*4000) * time.Microsecond}
		if pod%3 == 2 {
			a.Code, a.Version, a.Latency = 504, "504", time.Duration(random.Int64N(int64(4*time.Second)))
		}
		if random.IntN(500) == 0 {
			a.Code = 500
		}
		entries = append(entries, timeline.Entry{Time: noon.Add(at), Answer: &a})
		if pod%3 == 2 && random.IntN(1+n/pods/8) == 0 {
			outs[pod]++
			outUntil[pod] = at + 30*time.Second
			snapshot.Counters.EnforcedGateway++
			snapshot.Counters.EnforcedTotal++
			entries = append(entries, timeline.Entry{Time: noon.Add(at + 80*time.Millisecond), Event: &timeline.Event{Kind: timeline.PodEjected, Pod: name(pod), Errors: 10, Ejection: outs[pod], Decided: noon.Add(at), Source: "outlier log"}},
				timeline.Entry{Time: noon.Add(outUntil[pod]), Event: &timeline.Event{Kind: timeline.PodReturned, Pod: name(pod), Ejection: outs[pod], Out: outUntil[pod] - at, Source: "endpoint health"}})
		}
	}
	return entries
}

func TestALargeRunMakesASmallPage(t *testing.T) {
	for _, pods := range []int{3, 6, 60} {
		t.Run(fmt.Sprint(pods), func(t *testing.T) {
			r, err := Of(large(100_000, pods))
			if err != nil {
				t.Fatal(err)
			}
			var page bytes.Buffer
			if err := r.HTML(&page); err != nil {
				t.Fatal(err)
			}
			if page.Len() > 2_000_000 {
				t.Errorf("the page of 100,000 answers by %d pods has %d bytes, want at most 2,000,000", pods, page.Len())
			}
		})
	}
}
