package envoysim

import (
	"fmt"
	"math"
	"testing"
	"time"

	"istio-circuit-breaker/internal/timeline"

	"github.com/google/go-cmp/cmp"
)

var start = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }

// outlier is gateway errors alone, 2s, sweeps of 1s.
func outlier(gateway uint32) timeline.OutlierDetection {
	return timeline.OutlierDetection{Gateway: gateway, EnforcingGateway: 100, Any5xx: 5, Interval: time.Second,
		BaseEjectionTime: 2 * time.Second, MaxEjectionTime: 300 * time.Second, MaxEjectionPercent: 100}
}

func cluster(o timeline.OutlierDetection, hosts int) *Cluster {
	var all []Host
	for i := range hosts {
		all = append(all, Host{Address: fmt.Sprint(i)})
	}
	return New(timeline.Sidecar{Outlier: &o, Balancer: "ROUND_ROBIN"}, 1, timeline.Counters{}, all...)
}

// book books answers of a host, one each millisecond.
func book(c *Cluster, seconds float64, address string, codes ...int) {
	for i, code := range codes {
		c.Book(address, code, at(seconds+float64(i)/1000))
	}
	c.Advance(at(seconds + float64(len(codes))/1000))
}

func out(c *Cluster) (all string) {
	for _, h := range c.Hosts() {
		if h.Ejected {
			all += h.Address
		}
	}
	return all
}

func times(n, code int) []int {
	var all []int
	for range n {
		all = append(all, code)
	}
	return all
}

func TestAnswersEjectAsPutHttpResponseCodeSays(t *testing.T) {
	both := outlier(3)
	both.Any5xx, both.Enforcing5xx = 5, 100
	unset := outlier(10)
	unset.Enforcing5xx = 100
	equal := outlier(3)
	equal.Any5xx, equal.Enforcing5xx = 3, 100
	detected := outlier(3)
	detected.EnforcingGateway = 0
	tests := []struct {
		name  string
		o     timeline.OutlierDetection
		codes []int
		want  timeline.Counters
	}{
		{"one short of the threshold", outlier(3), times(2, 504), timeline.Counters{}},
		{"at the threshold", outlier(3), times(3, 504), timeline.Counters{EjectionsActive: 1, EnforcedTotal: 1, EnforcedGateway: 1, DetectedGateway: 1}},
		{"502 and 503 count too", outlier(3), []int{502, 503, 504}, timeline.Counters{EjectionsActive: 1, EnforcedTotal: 1, EnforcedGateway: 1, DetectedGateway: 1}},
		{"a good answer starts the count again", outlier(3), []int{504, 504, 200, 504, 504}, timeline.Counters{}},
		{"a 500 starts the gateway's count again", outlier(3), []int{504, 504, 500, 504, 504}, timeline.Counters{Detected5xx: 1}},
		{"a 500 counts for the other detector", both, []int{504, 500, 500, 504, 500}, timeline.Counters{EjectionsActive: 1, EnforcedTotal: 1, Enforced5xx: 1, Detected5xx: 1}},
		{"a threshold that is not enforced is detected", outlier(10), times(5, 504), timeline.Counters{Detected5xx: 1}},
		{"and its count starts again", outlier(11), times(10, 504), timeline.Counters{Detected5xx: 2}},
		{"Envoy's own 5 is first where it is enforced", unset, times(10, 504), timeline.Counters{EjectionsActive: 1, EnforcedTotal: 1, Enforced5xx: 1, Detected5xx: 1}},
		{"at equal thresholds the gateway's is first", equal, times(3, 504), timeline.Counters{EjectionsActive: 1, EnforcedTotal: 1, EnforcedGateway: 1, DetectedGateway: 1}},
		{"errors of a host that is out are passed over", outlier(3), times(9, 504), timeline.Counters{EjectionsActive: 1, EnforcedTotal: 1, EnforcedGateway: 1, DetectedGateway: 1}},
		{"detected alone", detected, times(3, 504), timeline.Counters{DetectedGateway: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := cluster(tt.o, 2)
			book(c, 0, "1", tt.codes...)
			tt.want.Exported = true
			if diff := cmp.Diff(tt.want, c.Counters()); diff != "" {
				t.Errorf("counters (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheMainThreadDecidesAMomentAfterTheAnswer(t *testing.T) {
	c := cluster(outlier(1), 2)
	c.Book("1", 504, at(0))
	if got := out(c); got != "" {
		t.Errorf("out at the answer: got %q, want none", got)
	}
	c.Advance(at(0).Add(Post))
	if got := out(c); got != "1" {
		t.Errorf("out a moment after: got %q, want 1", got)
	}
}

func TestTheShareCountsTheHostThatIsAboutToGo(t *testing.T) {
	for _, tt := range []struct {
		percent  uint32
		hosts    int
		always   bool
		out      int
		overflow uint64
	}{{50, 2, false, 1, 1}, {49, 2, false, 0, 2}, {10, 2, false, 0, 2}, {10, 2, true, 1, 1}, {25, 4, false, 1, 3}, {100, 3, false, 3, 0}, {200, 2, false, 2, 0}, {67, 3, false, 2, 1}} {
		o := outlier(1)
		o.MaxEjectionPercent, o.AlwaysEjectOne = tt.percent, tt.always
		c := cluster(o, tt.hosts)
		for i := range tt.hosts {
			book(c, float64(i), fmt.Sprint(i), 504)
		}
		if got := c.Counters(); len(out(c)) != tt.out || got.Overflow != tt.overflow {
			t.Errorf("%d %% of %d, always one %t: got %d out and overflow %d, want %d and %d", tt.percent, tt.hosts, tt.always, len(out(c)), got.Overflow, tt.out, tt.overflow)
		}
	}
}

// lasts ejects a host at a time, and says how long it is out by whole sweeps.
func lasts(c *Cluster, from float64) float64 {
	book(c, from, "1", 504)
	for s := math.Ceil(from + 0.01); ; s++ {
		c.OnInterval(at(s))
		if out(c) == "" {
			return s - from
		}
	}
}

func TestEachTimeOutIsLongerByTheBaseAndForgottenSweepBySweep(t *testing.T) {
	o := outlier(1)
	o.MaxEjectionTime = 5 * time.Second
	c := cluster(o, 2)
	var got []float64
	now := 0.5
	for range 4 { // right after the return each time
		d := lasts(c, now)
		got = append(got, d)
		now += d + 0.5
	}
	if diff := cmp.Diff([]float64{2.5, 4.5, 5.5, 5.5}, got); diff != "" {
		t.Errorf("times out, with the most at 5s (-want +got):\n%s", diff)
	}
	for s := math.Ceil(now); s < now+10; s++ {
		c.OnInterval(at(s))
	}
	if d := lasts(c, math.Ceil(now)+10.5); d != 2.5 {
		t.Errorf("after a rest: got %gs, want 2.5s", d)
	}
}

func TestAReturnStartsTheCountsAgain(t *testing.T) {
	o := outlier(3)
	c := cluster(o, 2)
	book(c, 0, "1", times(5, 504)...) // two more than it takes
	c.OnInterval(at(3))
	book(c, 3.1, "1", times(2, 504)...)
	if got := out(c); got != "" {
		t.Errorf("out after two errors: got %q, want none", got)
	}
	book(c, 3.2, "1", 504)
	if got := out(c); got != "1" {
		t.Errorf("out after the third: got %q, want 1", got)
	}
	want := []Event{
		{Time: at(0.002).Add(Post), Address: "1", Ejected: true, Enforced: true, Type: Gateway, Number: 1},
		{Time: at(3), Address: "1", Type: Any5xx, Number: 1, Since: 2 * time.Second},
		{Time: at(3.2).Add(Post), Address: "1", Ejected: true, Enforced: true, Type: Gateway, Number: 2},
	}
	if diff := cmp.Diff(want, c.Events()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// goes says whether any of many requests goes to a host.
func goes(c *Cluster, seconds float64, address string) bool {
	for range 20 {
		if got, _ := c.Pick(at(seconds)); got == address {
			return true
		}
	}
	return false
}

func TestWorkersHearOfTheFirstChangeAtOnceAndOfOthersLater(t *testing.T) {
	c := cluster(outlier(1), 3)
	book(c, 10, "1", 504)
	if goes(c, 10.001, "1") {
		t.Error("the first change was held back")
	}
	book(c, 10.2, "2", 504)
	if !goes(c, 11.1, "2") || goes(c, 11.3, "2") {
		t.Error("want the second change held back for a second from then on")
	}
	c.SetHosts(at(20), Host{Address: "0"}, Host{Address: "1"}, Host{Address: "3"})
	if !goes(c, 20, "3") {
		t.Error("another host was held back")
	}
	book(c, 20.5, "3", 504)
	if !goes(c, 20.6, "3") || goes(c, 21.6, "3") {
		t.Error("want an ejection held back that follows a change of the hosts")
	}
}

func TestWithoutAHealthyHostThereIsNoneOrPanic(t *testing.T) {
	c := cluster(outlier(1), 1)
	book(c, 0, "0", 504)
	if _, found := c.Pick(at(0.1)); found || c.Counters().NoneHealthy != 1 {
		t.Errorf("got a host or none counted: %v", c.Counters())
	}
	c.config.PanicPercent = 50
	if _, found := c.Pick(at(0.1)); !found || c.Counters().Panic != 1 {
		t.Errorf("got no host or no panic counted: %v", c.Counters())
	}
}

func TestEachBalancerTakesHostsByItsPolicy(t *testing.T) {
	share := func(balancer string, busy bool) (n [2]int) {
		c := cluster(outlier(5), 2)
		c.config.Balancer = balancer
		if busy {
			c.hosts[1].Active = 100
		}
		for range 1000 {
			address, _ := c.Pick(at(0))
			c.Book(address, 200, at(0))
			n[address[0]-'0']++
		}
		return n
	}
	if got := share("ROUND_ROBIN", true); got != [2]int{500, 500} {
		t.Errorf("ROUND_ROBIN: got %v, want each in turn", got)
	}
	for _, balancer := range []string{"RANDOM", "LEAST_REQUEST"} {
		if got := share(balancer, false); got[1] < 400 || got[1] > 600 {
			t.Errorf("%s: got %v, want about half", balancer, got)
		}
	}
	if got := share("LEAST_REQUEST", true); got[1] < 150 || got[1] > 350 {
		t.Errorf("LEAST_REQUEST: got %v for a host that is busy, want about a quarter", got)
	}
}

func TestOnlyTheCallersLocalityIsCalled(t *testing.T) {
	o := outlier(1)
	c := New(timeline.Sidecar{Outlier: &o, Locality: true}, 1, timeline.Counters{}, Host{"0", "a"}, Host{"1", "b"})
	if goes(c, 0, "1") {
		t.Error("a host of another locality was called")
	}
}

func TestHostsCountRequestsFromTheirBeginning(t *testing.T) {
	c := cluster(outlier(5), 2)
	for range 4 {
		c.Pick(at(0))
	}
	book(c, 0.1, "1", 504, 200)
	want := []Seen{{Host: Host{Address: "0"}, Requests: 2, Active: 2}, {Host: Host{Address: "1"}, Requests: 2, Errors: 1}}
	if diff := cmp.Diff(want, c.Hosts()); diff != "" {
		t.Errorf("hosts (-want +got):\n%s", diff)
	}
}

func TestARemovedHostIsForgotten(t *testing.T) {
	c := cluster(outlier(1), 2)
	book(c, 0, "1", 504)
	c.SetHosts(at(1), Host{Address: "0"})
	c.SetHosts(at(2), Host{Address: "0"}, Host{Address: "1"})
	if got := c.Counters(); out(c) != "" || got.EjectionsActive != 0 || got.EnforcedTotal != 1 {
		t.Errorf("got %q out and %v, want none out, none active, one enforced", out(c), got)
	}
}
