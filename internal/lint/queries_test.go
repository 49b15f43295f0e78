package lint

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/lint/linttest"
)

// Counters of outlier detection that a query may ask for.
var askedFor = []string{"enforced_consecutive_5xx", "detected_consecutive_5xx", "enforced_consecutive_gateway_failure", "detected_consecutive_gateway_failure",
	"enforced_consecutive_local_origin_failure", "detected_consecutive_local_origin_failure"}

// Rules at random, each in a simulated Envoy that is called at random for long: a
// counter of which lint says that it stays 0 does.
func TestACounterThatStays0Does(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 11))
	stays, rose := 0, 0
	for range 300 {
		text, pods := linttest.RandomRule(random, "a"), 1+random.IntN(4)
		l := New(Options{Pods: pods})
		var all strings.Builder
		all.WriteString("groups:\n- rules:\n")
		for _, counter := range askedFor {
			fmt.Fprintf(&all, "  - expr: envoy_cluster_outlier_detection_ejections_%s > 0\n", counter)
		}
		if err := l.Add("a.yaml", []byte(text+"---\n"+all.String())); err != nil {
			t.Fatal(err)
		}
		zero := map[string]bool{}
		for _, f := range l.Report().Findings {
			if name, _, is := strings.Cut(f.Text, " stays 0: "); is && f.Code == wrongDetector {
				zero[strings.TrimPrefix(name, "envoy_cluster_outlier_detection_ejections_")] = true
			}
		}
		c, at := clusterOf(specOf(t, text), pods), began
		for range 3000 {
			at = at.Add(time.Duration(random.IntN(300)) * time.Millisecond)
			h := c.Pick(at)
			switch {
			case h == nil:
			case random.IntN(8) == 0:
				c.Refused(at, h)
			default:
				c.Book(at, h, []int{500, 503, 503, 503, 503, 503, 503, 503, 503, 503, 200}[random.IntN(11)])
			}
		}
		for _, s := range c.Stats(at) {
			counter, is := strings.CutPrefix(s.Name, "outlier_detection.ejections_")
			if !is || !strings.Contains(counter, "_consecutive_") {
				continue
			}
			if zero[counter] && s.Value > 0 {
				t.Errorf("%s is %d, lint says that it stays 0, %d pods:\n%s", counter, s.Value, pods, text)
			}
			if zero[counter] {
				stays++
			} else if s.Value > 0 {
				rose++
			}
		}
	}
	if stays < 100 || rose < 100 {
		t.Errorf("%d stay 0 and %d rise: too few to tell", stays, rose)
	}
}

// A threshold of gateway errors above that of 5xx ejects a pod that the percentage
// kept in: that starts the count of 5xx again, and not that of gateway errors.
func TestAThresholdThatComesTooLateEjectsAPodThatWasKeptIn(t *testing.T) {
	spec := specOf(t, "spec: {host: a, trafficPolicy: {outlierDetection: {consecutiveGatewayErrors: 7, consecutive5xxErrors: 5, interval: 1s, baseEjectionTime: 2s, maxEjectionPercent: 50}}}")
	c, at := clusterOf(spec, 2), began
	fail := func(host, times int) {
		for range times {
			at = at.Add(10 * time.Millisecond)
			h := c.Hosts(at)[host]
			c.Take(at, h)
			c.Book(at, h, 504)
		}
		at = at.Add(50 * time.Millisecond)
	}
	fail(0, 5)
	fail(1, 6) // kept in at the fifth
	at = at.Add(5 * time.Second)
	if out := c.Out(at); out != 0 {
		t.Fatalf("%d are out", out)
	}
	fail(1, 1)
	for _, s := range c.Stats(at) {
		if s.Name == "outlier_detection.ejections_enforced_consecutive_gateway_failure" && s.Value != 1 {
			t.Errorf("%s is %d", s.Name, s.Value)
		}
	}
}
