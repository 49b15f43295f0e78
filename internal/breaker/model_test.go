package breaker

import (
	"testing"
	"time"
)

func n(v uint32) *uint32 { return &v }

func TestThresholdIsTheDetectorThatFiresFirst(t *testing.T) {
	tests := []struct {
		name string
		rule Rule
		want uint32
		by   Detector
	}{
		{"no rule ejects nothing", Rule{}, 0, NoDetector},
		{"an empty rule ejects at Envoy's 5", Rule{Enabled: true}, 5, Any5xxDetector},
		// Measured: 504 five times, then 503; ejections_enforced_consecutive_5xx 1.
		{"the 5xx default masks a higher gateway threshold", Rule{Enabled: true, ConsecutiveGatewayErrors: n(10)}, 5, Any5xxDetector},
		// Measured: ejections_enforced_consecutive_gateway_failure 1, 5xx 0.
		{"at equal thresholds the gateway detector is first", Rule{Enabled: true, ConsecutiveGatewayErrors: n(5)}, 5, GatewayDetector},
		{"a gateway threshold below the default fires", Rule{Enabled: true, ConsecutiveGatewayErrors: n(3)}, 3, GatewayDetector},
		{"5xx switched off leaves the gateway threshold", Rule{Enabled: true, ConsecutiveGatewayErrors: n(10), Consecutive5xxErrors: n(0)}, 10, GatewayDetector},
		{"a higher 5xx threshold leaves the gateway threshold", Rule{Enabled: true, ConsecutiveGatewayErrors: n(10), Consecutive5xxErrors: n(11)}, 10, GatewayDetector},
		{"the gateway threshold at 0 never fires", Rule{Enabled: true, ConsecutiveGatewayErrors: n(0), Consecutive5xxErrors: n(7)}, 7, Any5xxDetector},
		// Measured: 20 times 504, nothing detected, nothing ejected.
		{"both at 0 eject nothing", Rule{Enabled: true, ConsecutiveGatewayErrors: n(0), Consecutive5xxErrors: n(0)}, 0, NoDetector},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, by := tt.rule.Threshold(); got != tt.want || by != tt.by {
				t.Errorf("Threshold() = %d by %q, want %d by %q", got, by, tt.want, tt.by)
			}
		})
	}
}

// ejected is ejections_active of Envoy 1.40.0 with all hosts faulty and
// 8 requests a host, for a max_ejection_percent (captured on loopback).
var ejected = []struct {
	pods    int
	percent int32
	want    int
}{
	{1, 99, 0}, {1, 100, 1},
	{2, 49, 0}, {2, 50, 1}, {2, 99, 1}, {2, 100, 2},
	{3, 33, 0}, {3, 34, 1}, {3, 66, 1}, {3, 67, 2},
	{4, 24, 0}, {4, 25, 1}, {4, 50, 2},
	{7, 100, 7}, {9, 10, 0}, {10, 10, 1}, {11, 10, 1}, {20, 10, 2},
}

func TestEjectableIsWhatEnvoyEjected(t *testing.T) {
	for _, tt := range ejected {
		r := Rule{Enabled: true, MaxEjectionPercent: tt.percent}
		if got := r.Ejectable(tt.pods); got != tt.want {
			t.Errorf("Ejectable(%d) at %d %% = %d, want %d", tt.pods, tt.percent, got, tt.want)
		}
	}
	if got := (Rule{Enabled: true}).Ejectable(19); got != 1 {
		t.Errorf("Ejectable(19) with the percentage unset = %d, want 1 (of Envoy's 10 %%)", got)
	}
}

func TestPercentForIsTheLeastThatIsEnough(t *testing.T) {
	for pods := 1; pods <= 40; pods++ {
		for out := 1; out <= pods; out++ {
			p := PercentFor(out, pods)
			enough := Rule{Enabled: true, MaxEjectionPercent: p}
			if got := enough.Ejectable(pods); got < out {
				t.Errorf("PercentFor(%d, %d) = %d lets only %d go", out, pods, p, got)
			}
			less := Rule{Enabled: true, MaxEjectionPercent: p - 1}
			if got := less.Ejectable(pods); p > 1 && got >= out {
				t.Errorf("PercentFor(%d, %d) = %d, but %d is enough", out, pods, p, p-1)
			}
		}
	}
}

func TestOutHoldsWhatEnvoyTook(t *testing.T) {
	// Times between EJECT and UNEJECT in the event log of Envoy 1.40.0, base 1s,
	// interval 0.5s, under steady load.
	r := Rule{Enabled: true, BaseEjectionTime: time.Second, Interval: 500 * time.Millisecond}
	for i, seconds := range []float64{1.30, 2.46, 3.45, 4.46, 5.44, 6.45, 7.44} {
		took := time.Duration(seconds * float64(time.Second))
		if span := r.Out(i + 1); took < span.Least || took > span.Most {
			t.Errorf("ejection %d took %s, Out says %s to %s", i+1, took, span.Least, span.Most)
		}
	}
}

func TestOutGrowsByTheBaseUpToTheCap(t *testing.T) {
	tests := []struct {
		name        string
		rule        Rule
		factor      int
		least, most time.Duration
	}{
		{"first", Rule{BaseEjectionTime: 30 * time.Second, Interval: time.Second}, 1, 30 * time.Second, 31 * time.Second},
		{"second", Rule{BaseEjectionTime: 30 * time.Second, Interval: time.Second}, 2, time.Minute, 61 * time.Second},
		{"tenth is the cap", Rule{BaseEjectionTime: 30 * time.Second, Interval: time.Second}, 10, 5 * time.Minute, 301 * time.Second},
		{"eleventh is the cap", Rule{BaseEjectionTime: 30 * time.Second, Interval: time.Second}, 11, 5 * time.Minute, 301 * time.Second},
		{"a base above the cap raises it", Rule{BaseEjectionTime: time.Hour, Interval: time.Second}, 3, time.Hour, time.Hour + time.Second},
		{"unset is Envoy's 30s and 10s", Rule{}, 1, 30 * time.Second, 40 * time.Second},
		{"a factor past all counting is the cap", Rule{}, 1 << 40, 5 * time.Minute, 310 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, want := tt.rule.Out(tt.factor), (Span{tt.least, tt.most}); got != want {
				t.Errorf("Out(%d) = %v, want %v", tt.factor, got, want)
			}
		})
	}
}

func TestFactorFallsByOneForEachSweepBack(t *testing.T) {
	r := Rule{BaseEjectionTime: 30 * time.Second, Interval: time.Second}
	tests := []struct {
		name   string
		before int
		back   time.Duration
		want   int
	}{
		{"never out", 0, 0, 1},
		{"ejected again at once", 1, 50 * time.Millisecond, 2},
		{"back for a sweep", 1, 1100 * time.Millisecond, 1},
		{"back for two of three", 3, 2 * time.Second, 2},
		{"back for longer than it counts", 3, time.Hour, 1},
		{"at the cap it stops counting", 11, 0, 11},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := r.Factor(tt.before, tt.back); got != tt.want {
				t.Errorf("Factor(%d, %s) = %d, want %d", tt.before, tt.back, got, tt.want)
			}
		})
	}
}

func TestWordsAreTheEffectiveRule(t *testing.T) {
	rule := Rule{Enabled: true, ConsecutiveGatewayErrors: n(10), Consecutive5xxErrors: n(0), BaseEjectionTime: 30 * time.Second, MaxEjectionPercent: 50}
	one, masked, all, panics, both, small, long, headless := rule, rule, rule, rule, rule, rule, rule, rule
	headless.Unchosen = "Service shop/db is headless"
	long.BaseEjectionTime = 10 * time.Minute
	one.ConsecutiveGatewayErrors = n(1)
	masked.Consecutive5xxErrors = nil
	all.MaxEjectionPercent = 100
	panics.MaxEjectionPercent, panics.MinHealthPercent = 100, 50
	both.ConsecutiveGatewayErrors = nil
	small.MaxEjectionPercent = 0
	tests := []struct {
		name string
		rule Rule
		want string
	}{
		{"as configured", rule, "10 gateway errors (502, 503, 504) in a row take a pod out for 30s, and 30s longer each time after that, up to 5m. At most 1 of 2 pods may be out at once."},
		{"a base above Envoy's limit", long, "10 gateway errors (502, 503, 504) in a row take a pod out for 10m each time. At most 1 of 2 pods may be out at once."},
		{"one error", one, "1 gateway error (502, 503, 504) in a row takes a pod out for 30s, and 30s longer each time after that, up to 5m. At most 1 of 2 pods may be out at once."},
		{"masked", masked, "5 5xx answers in a row take a pod out for 30s, and 30s longer each time after that, up to 5m. At most 1 of 2 pods may be out at once."},
		{"all may go", all, "10 gateway errors (502, 503, 504) in a row take a pod out for 30s, and 30s longer each time after that, up to 5m. All pods may be out at once: callers then get 503 with flag UH (no healthy upstream)."},
		{"all may go, with panic", panics, "10 gateway errors (502, 503, 504) in a row take a pod out for 30s, and 30s longer each time after that, up to 5m. All pods may be out at once: with fewer than 50 % in rotation Envoy ignores ejections and calls them all."},
		{"no threshold", both, "No error count ejects a pod: consecutive5xxErrors is 0, and consecutiveGatewayErrors is not set."},
		{"too small a share", small, "No pod is ever taken out: 10 % of 2 pods is less than one pod."},
		{"nothing to choose from", headless, "No sidecar takes a pod out: Service shop/db is headless."},
		{"off", Rule{}, "The breaker is off: no pod is ever taken out."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.rule.Words(1, 1); got != tt.want {
				t.Errorf("Words(1, 1) =\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}
