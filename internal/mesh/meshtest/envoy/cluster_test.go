package envoy

import (
	"testing"
	"time"

	"istio-circuit-breaker/internal/timeline"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func config(change func(*timeline.OutlierDetection)) timeline.Sidecar {
	o := timeline.OutlierDetection{Gateway: 3, EnforcingGateway: 100, Interval: time.Second, BaseEjectionTime: 2 * time.Second,
		MaxEjectionTime: 300 * time.Second, MaxEjectionPercent: 50}
	if change != nil {
		change(&o)
	}
	return timeline.Sidecar{Balancer: "ROUND_ROBIN", Outlier: &o}
}

// answers books codes at one host, and decides at once.
func answers(c *Cluster, h *Host, at time.Time, codes ...int) (events []Event) {
	for _, code := range codes {
		h.Requests, h.Active = h.Requests+1, h.Active+1
		for _, kind := range c.Book(h, code) {
			events = append(events, c.Decide(h, kind, at)...)
		}
	}
	return events
}

func TestADetectorFiresWhenItsCountIsReached(t *testing.T) {
	both := func(o *timeline.OutlierDetection) { o.Any5xx, o.Enforcing5xx = 3, 100 }
	tests := []struct {
		name   string
		change func(*timeline.OutlierDetection)
		codes  []int
		want   string // the detector; empty: none
	}{
		{"three gateway errors", nil, []int{502, 503, 504}, Gateway},
		{"two", nil, []int{502, 504}, ""},
		{"a good answer between starts again", nil, []int{504, 504, 200, 504, 504}, ""},
		{"a 500 starts the gateway's count again", nil, []int{504, 504, 500, 504, 504}, ""},
		{"a 500 counts for 5xx", both, []int{504, 500, 504}, Any5xx},
		{"at equal thresholds the gateway detector is first", both, []int{504, 504, 504}, Gateway},
		{"5xx alone", func(o *timeline.OutlierDetection) {
			o.Gateway, o.EnforcingGateway, o.Any5xx, o.Enforcing5xx = 5, 0, 2, 100
		}, []int{504, 504}, Any5xx},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := New(config(tt.change), &Host{Name: "a"}, &Host{Name: "b"})
			events := answers(c, c.Hosts[0], noon, tt.codes...)
			got := ""
			for _, e := range events {
				if e.Enforced {
					got = e.Type
				}
			}
			if got != tt.want || c.Hosts[0].Out != (tt.want != "") {
				t.Errorf("got %q, out %t; want %q", got, c.Hosts[0].Out, tt.want)
			}
		})
	}
}

func TestThePercentageCountsTheHostThatIsToGo(t *testing.T) {
	tests := []struct {
		hosts   int
		percent uint32
		one     bool
		want    int // that may go
	}{{2, 50, false, 1}, {2, 49, false, 0}, {2, 49, true, 1}, {3, 34, false, 1}, {3, 33, false, 0}, {4, 50, false, 2}, {10, 10, false, 1}, {4, 100, false, 4}}
	for _, tt := range tests {
		c := New(config(func(o *timeline.OutlierDetection) { o.MaxEjectionPercent, o.AlwaysEjectOne = tt.percent, tt.one }))
		for range tt.hosts {
			c.Hosts = append(c.Hosts, &Host{})
		}
		out := 0
		for _, h := range c.Hosts {
			answers(c, h, noon, 504, 504, 504)
			if h.Out {
				out++
			}
		}
		if out != tt.want || c.Counters.Overflow != uint64(tt.hosts-tt.want) {
			t.Errorf("%d %% of %d: %d out, overflow %d; want %d", tt.percent, tt.hosts, out, c.Counters.Overflow, tt.want)
		}
	}
}

func TestTheTimeOutGrowsAndFallsAgain(t *testing.T) {
	c := New(config(nil), &Host{}, &Host{})
	h, now := c.Hosts[0], noon
	lasted := func(rest int) time.Duration {
		now = now.Add(time.Duration(rest) * time.Second)
		for i := range rest {
			c.Sweep(now.Add(time.Duration(i-rest+1) * time.Second))
		}
		answers(c, h, now, 504, 504, 504)
		began := now
		for h.Out {
			now = now.Add(time.Second)
			c.Sweep(now)
		}
		return now.Sub(began)
	}
	for i, want := range []time.Duration{2 * time.Second, 4 * time.Second, 6 * time.Second} {
		if got := lasted(0); got != want {
			t.Errorf("ejection %d: %s, want %s", i+1, got, want)
		}
	}
	if got := lasted(10); got != 2*time.Second {
		t.Errorf("after a rest: %s, want 2s", got)
	}
}

func TestWorkersHearOfLaterChangesAtTheEndOfTheWindow(t *testing.T) {
	c := New(config(func(o *timeline.OutlierDetection) { o.MaxEjectionPercent = 100 }), &Host{Name: "a"}, &Host{Name: "b"}, &Host{Name: "c"})
	answers(c, c.Hosts[0], noon, 504, 504, 504)
	answers(c, c.Hosts[1], noon.Add(100*time.Millisecond), 504, 504, 504)
	got := map[string]int{}
	for i := range 12 {
		got[c.Pick(noon.Add(time.Duration(200+i)*time.Millisecond)).Name]++
	}
	if got["a"] != 0 || got["b"] == 0 || got["c"] == 0 {
		t.Errorf("within the window: %v; want b still called", got)
	}
	if h := c.Pick(noon.Add(1100 * time.Millisecond)); h.Name != "c" {
		t.Errorf("after the window: %s, want c", h.Name)
	}
}

func TestAWindowBeginsAtTheFirstChangeThatIsHeldBackAndAtEachUpdate(t *testing.T) {
	c := New(config(func(o *timeline.OutlierDetection) { o.MaxEjectionPercent = 100 }), &Host{Name: "a"}, &Host{Name: "b"}, &Host{Name: "c"}, &Host{Name: "d"})
	at := func(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }
	called := func(ms int) (names string) {
		c.Pass(at(ms))
		for _, h := range c.Hosts {
			if !h.hidden {
				names += h.Name
			}
		}
		return names
	}
	c.Update(at(0)) // as where a pod comes or goes
	answers(c, c.Hosts[0], at(500), 504, 504, 504)
	if got := called(1400); got != "abcd" {
		t.Errorf("within the window of a change of the hosts: %s are called, want all", got)
	}
	if got := called(1500); got != "bcd" {
		t.Errorf("a window after the ejection: %s are called, want bcd", got)
	}
	answers(c, c.Hosts[1], at(2400), 504, 504, 504)
	if got := called(3300); got != "bcd" {
		t.Errorf("within the window of an update that was held back itself: %s are called, want bcd", got)
	}
	if got := called(3400); got != "cd" {
		t.Errorf("a window later: %s are called, want cd", got)
	}
}

func TestWithEveryHostOutPanicDecides(t *testing.T) {
	for percent, want := range map[float64]bool{0: false, 50: true} {
		cfg := config(func(o *timeline.OutlierDetection) { o.MaxEjectionPercent = 100 })
		cfg.PanicPercent = percent
		c := New(cfg, &Host{Name: "a"})
		answers(c, c.Hosts[0], noon, 504, 504, 504)
		if got := c.Pick(noon.Add(5*time.Second)) != nil; got != want {
			t.Errorf("panic threshold %g %%: called %t, want %t", percent, got, want)
		}
	}
}
