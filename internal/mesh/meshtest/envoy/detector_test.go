package envoy

import (
	"fmt"
	"testing"
	"time"
)

var start = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func at(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }

// gateway is a cluster that ejects after errors in a row of 502, 503 and 504.
func gateway(errors uint32) Config {
	o := Defaults()
	o.Gateway, o.EnforcingGateway, o.Enforcing5xx, o.Any5xx = errors, 100, 0, 0
	o.Interval, o.BaseEjectionTime, o.MaxEjectionPercent = time.Second, 2*time.Second, 100
	return Config{Outlier: &o, Balancer: "ROUND_ROBIN", MergeWindow: time.Second}
}

func cluster(c Config, hosts int) *Cluster {
	e := New(start, c)
	var all []Host
	for i := range hosts {
		all = append(all, Host{Address: fmt.Sprint(i)})
	}
	e.SetHosts(start, all)
	return e
}

// answers books the codes of one host, a millisecond apart.
func (c *Cluster) answers(from int, host int, codes ...int) int {
	for i, code := range codes {
		h := c.Hosts(at(from + i))[host]
		c.Take(at(from+i), h)
		c.Book(at(from+i), h, code)
	}
	c.Advance(at(from + len(codes)))
	return from + len(codes)
}

func repeat(code, n int) (codes []int) {
	for range n {
		codes = append(codes, code)
	}
	return codes
}

func TestErrorsInARowEject(t *testing.T) {
	both := gateway(3)
	both.Outlier.Any5xx, both.Outlier.Enforcing5xx = 5, 100
	equal := gateway(5)
	equal.Outlier.Any5xx, equal.Outlier.Enforcing5xx = 5, 100
	masked := gateway(10)
	masked.Outlier.Any5xx, masked.Outlier.Enforcing5xx = 5, 100
	detected := gateway(3)
	detected.Outlier.EnforcingGateway = 0
	tests := []struct {
		name   string
		config Config
		codes  []int
		after  int // answers; 0 is never
		by     Detector
	}{
		{"at equality", gateway(3), repeat(504, 5), 3, GatewayFailure},
		{"not before", gateway(3), repeat(504, 2), 0, ""},
		{"502, 503 and 504 alike", gateway(3), []int{502, 503, 504}, 3, GatewayFailure},
		{"a good answer starts the count again", gateway(3), []int{504, 504, 200, 504, 504, 504}, 6, GatewayFailure},
		{"so does a 404", gateway(3), []int{504, 504, 404, 504, 504, 504}, 6, GatewayFailure},
		{"a 500 starts that of gateway errors", gateway(3), []int{504, 504, 500, 504, 504, 504}, 6, GatewayFailure},
		{"a 500 counts as 5xx", both, []int{500, 500, 504, 504, 500}, 5, Any5xx},
		{"the lower threshold is first", both, repeat(504, 5), 3, GatewayFailure},
		{"the default of 5xx masks", masked, repeat(504, 10), 5, Any5xx},
		{"at equal thresholds gateway is first", equal, repeat(504, 5), 5, GatewayFailure},
		{"what is not enforced ejects nobody", detected, repeat(504, 20), 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := cluster(tt.config, 2)
			after, by := 0, Detector("")
			for i, code := range tt.codes {
				c.answers(i*2, 0, code)
				for _, e := range c.Events(at(i*2 + 1)) {
					if e.Enforced && after == 0 {
						after, by = i+1, e.Detector
					}
				}
			}
			if after != tt.after || by != tt.by {
				t.Errorf("ejected after %d by %q, want %d by %q", after, by, tt.after, tt.by)
			}
		})
	}
}

func TestWhatIsDetectedOnlyCounts(t *testing.T) {
	config := gateway(3)
	config.Outlier.EnforcingGateway = 0
	c := cluster(config, 2)
	c.answers(0, 0, repeat(504, 9)...)
	if got := statOf(c, "outlier_detection.ejections_detected_consecutive_gateway_failure"); got != 3 {
		t.Errorf("detected %d times, want 3", got)
	}
	if got := statOf(c, "outlier_detection.ejections_enforced_total"); got != 0 {
		t.Errorf("enforced %d times, want never", got)
	}
}

func statOf(c *Cluster, name string) uint64 {
	for _, s := range c.Stats(c.now) {
		if s.Name == name {
			return s.Value
		}
	}
	return 1 << 62
}

// Captured of Envoy 1.40.0 on loopback: all hosts fail.
func TestThePercentageIsOfWhatWouldBeOut(t *testing.T) {
	for _, tt := range []struct {
		hosts   int
		percent uint32
		want    int
	}{{1, 99, 0}, {1, 100, 1}, {2, 49, 0}, {2, 50, 1}, {2, 100, 2}, {3, 33, 0}, {3, 34, 1}, {3, 67, 2}, {4, 25, 1}, {7, 100, 7}, {9, 10, 0}, {11, 10, 1}, {20, 10, 2}} {
		config := gateway(2)
		config.Outlier.MaxEjectionPercent = tt.percent
		c := cluster(config, tt.hosts)
		for h := range tt.hosts {
			c.answers(10*h, h, repeat(504, 2)...)
		}
		overflow := statOf(c, "outlier_detection.ejections_overflow")
		if got := c.Out(c.now); got != tt.want || overflow != uint64(tt.hosts-tt.want) {
			t.Errorf("%d hosts at %d %%: %d out, overflow %d; want %d out", tt.hosts, tt.percent, got, overflow, tt.want)
		}
	}
	config := gateway(2)
	config.Outlier.MaxEjectionPercent, config.Outlier.AlwaysEjectOne = 10, true
	c := cluster(config, 2)
	c.answers(0, 0, 504, 504)
	c.answers(10, 1, 504, 504)
	if got := c.Out(at(20)); got != 1 {
		t.Errorf("always_eject_one_host: %d out, want 1", got)
	}
}

// times are those out, of a host that fails again as soon as it is back for rest.
func times(c *Cluster, ejections int, rest time.Duration) (all []time.Duration) {
	now, out := 0, time.Time{}
	for len(all) < ejections {
		returned := false
		for _, e := range c.Events(at(now)) {
			if e.Ejected {
				out = e.At
				continue
			}
			all, returned = append(all, e.At.Sub(out).Round(time.Second)), true
		}
		if returned {
			now += int(rest.Milliseconds())
		}
		if !c.Hosts(at(now))[0].Ejected() {
			c.answers(now, 0, 504)
		}
		now += 10
	}
	return all
}

func TestTheTimeOutGrowsByTheBaseAndFallsWithEachSweepBack(t *testing.T) {
	capped := gateway(1)
	capped.Outlier.MaxEjectionTime = 5 * time.Second
	tests := []struct {
		name   string
		config Config
		rest   time.Duration
		want   []int // seconds
	}{
		{"again at once", gateway(1), 0, []int{2, 4, 6, 8}},
		{"up to the cap", capped, 0, []int{2, 4, 5, 5, 5}},
		{"after one sweep", gateway(1), 1500 * time.Millisecond, []int{2, 2, 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := times(cluster(tt.config, 2), len(tt.want), tt.rest)
			for i, want := range tt.want {
				if d := got[i] - time.Duration(want)*time.Second; d < 0 || d > time.Second {
					t.Errorf("time out %d is %s, want %ds and a sweep at most", i+1, got[i], want)
				}
			}
		})
	}
}

func TestAReturnStartsTheCountsAgain(t *testing.T) {
	c := cluster(gateway(3), 2)
	c.answers(0, 0, repeat(504, 5)...) // two after the ejection
	c.answers(4000, 0, 504, 504)
	if c.Out(at(4100)) != 0 {
		t.Error("ejected again after 2 errors")
	}
	c.answers(4200, 0, 504)
	if c.Out(at(4300)) != 1 {
		t.Error("not ejected again after 3 errors")
	}
}

func TestAReplacedClusterKeepsItsCountersOnly(t *testing.T) {
	c := cluster(gateway(3), 2)
	c.answers(0, 0, 504, 504, 504)
	c.Replace(at(100), gateway(5), []Host{{Address: "0"}, {Address: "1"}})
	h := c.Hosts(at(101))[0]
	if h.Ejected() || h.Requests() != 0 || c.Out(at(101)) != 0 {
		t.Errorf("the host is %+v, %d out; want it new", *h, c.Out(at(101)))
	}
	if got := statOf(c, "outlier_detection.ejections_enforced_total"); got != 1 {
		t.Errorf("ejections_enforced_total is %d, want 1", got)
	}
}
