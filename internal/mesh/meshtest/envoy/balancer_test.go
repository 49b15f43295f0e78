package envoy

import (
	"slices"
	"testing"
)

// called are the hosts of n requests, each answered at once.
func called(c *Cluster, from, n int) (hosts []string) {
	for i := range n {
		h := c.Pick(at(from + i))
		if h == nil {
			hosts = append(hosts, "none")
			continue
		}
		hosts = append(hosts, h.Address)
		c.Book(at(from+i), h, 200)
	}
	return hosts
}

func TestAHostThatIsOutIsNotCalled(t *testing.T) {
	for _, balancer := range []string{"ROUND_ROBIN", "LEAST_REQUEST", "RANDOM"} {
		config := gateway(1)
		config.Balancer = balancer
		c := cluster(config, 3)
		if got := called(c, 0, 60); !slices.Contains(got, "0") {
			t.Errorf("%s: host 0 is not called", balancer)
		}
		c.answers(100, 0, 504)
		if got := called(c, 200, 60); slices.Contains(got, "0") {
			t.Errorf("%s: host 0 is called while it is out", balancer)
		}
	}
}

// Envoy passes the first change on at once; one that follows within the window a
// whole window after it was made.
func TestBalancersHearOfASecondChangeLate(t *testing.T) {
	c := cluster(gateway(1), 3)
	c.answers(0, 0, 504)
	c.answers(400, 1, 504)
	for _, tt := range []struct {
		from int
		want bool
	}{{500, true}, {1300, true}, {1410, false}} {
		if got := slices.Contains(called(c, tt.from, 6), "1"); got != tt.want {
			t.Errorf("after %dms: called %t, want %t", tt.from, got, tt.want)
		}
	}
}

func TestNoHostIsNone(t *testing.T) {
	c := cluster(gateway(1), 2)
	c.answers(0, 0, 504)
	c.answers(1100, 1, 504)
	if got := called(c, 1200, 2); got[0] != "none" {
		t.Errorf("called %v, want none", got)
	}
	if got := statOf(c, "upstream_cx_none_healthy"); got != 2 {
		t.Errorf("upstream_cx_none_healthy is %d, want 2", got)
	}
}

func TestPanicCallsEverybody(t *testing.T) {
	for _, tt := range []struct {
		name    string
		hosts   int
		percent float64
		want    bool
	}{
		{"1 of 2 in rotation, below 60 %", 2, 60, true},
		{"1 of 2 in rotation, not below 50 %", 2, 50, false},
		{"3 of 4 have all the availability at any threshold", 4, 100, false},
		{"never at 0", 1, 0, false},
	} {
		config := gateway(1)
		config.PanicPercent = tt.percent
		c := cluster(config, tt.hosts)
		c.answers(0, 0, 504)
		if got := slices.Contains(called(c, 10, 20), "0"); got != tt.want {
			t.Errorf("%s: called %t, want %t", tt.name, got, tt.want)
		}
		if got := statOf(c, "lb_healthy_panic") > 0; got != tt.want {
			t.Errorf("%s: lb_healthy_panic rose %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestHostsOfALaterPriorityWaitForTheFirst(t *testing.T) {
	c := New(start, gateway(1))
	c.SetHosts(start, []Host{{Address: "near"}, {Address: "far", Priority: 1}})
	if got := called(c, 0, 50); slices.Contains(got, "far") {
		t.Error("the host of the second priority is called while the first has one")
	}
	c.answers(100, 0, 504)
	if got := called(c, 200, 50); slices.Contains(got, "near") || !slices.Contains(got, "far") {
		t.Errorf("called %v, want the second priority alone", got)
	}
}

func TestUnhealthyHostsCountAndAreNotCalled(t *testing.T) {
	config := gateway(1)
	config.Outlier.MaxEjectionPercent = 34
	c := New(start, config)
	c.SetHosts(start, []Host{{Address: "bad"}, {Address: "good"}, {Address: "unready", Unhealthy: true}})
	if got := called(c, 0, 30); slices.Contains(got, "unready") {
		t.Error("the unready host is called")
	}
	c.answers(100, 0, 504)
	if c.Out(at(110)) != 1 {
		t.Error("1 of 3 is not out at 34 %")
	}
}

func TestARetryGoesToAnotherHost(t *testing.T) {
	c := cluster(gateway(10), 2)
	for i := range 20 {
		first := c.Pick(at(i))
		if second := c.Pick(at(i), first); second == first {
			t.Fatalf("retry %d went to the same host", i)
		}
	}
}
