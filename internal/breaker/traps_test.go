package breaker

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func stack() (Rule, Load) {
	return Rule{Enabled: true, ConsecutiveGatewayErrors: n(10), Consecutive5xxErrors: n(0), BaseEjectionTime: 30 * time.Second,
			Interval: time.Second, MaxEjectionPercent: 50, Balancer: "ROUND_ROBIN"},
		Load{Healthy: 1, Faulty: 1, Concurrency: 1, MaxDelay: 4 * time.Second, Timeout: 10 * time.Second}
}

func TestEachTrapIsNamed(t *testing.T) {
	tests := []struct {
		name  string
		set   func(*Rule, *Load)
		want  []string
		never bool
		says  string
	}{
		{"the stack's own rule has none", func(*Rule, *Load) {}, nil, false, ""},
		{"breaker off", func(r *Rule, _ *Load) { *r = Rule{} }, []string{BreakerOff, MeshDefault}, true, "nothing is ever ejected"},
		{"both thresholds 0", func(r *Rule, _ *Load) { r.ConsecutiveGatewayErrors = n(0) }, []string{NoThreshold}, true, "Both thresholds are 0: "},
		{"5xx off, and the other not set", func(r *Rule, _ *Load) { r.ConsecutiveGatewayErrors = nil }, []string{NoThreshold}, true, "consecutive5xxErrors is 0, and consecutiveGatewayErrors is not set: "},
		{"5xx default masks the threshold", func(r *Rule, _ *Load) { r.Consecutive5xxErrors = nil }, []string{MaskedBy5xx}, false,
			"consecutiveGatewayErrors 10 comes too late: consecutive5xxErrors is not set, and Envoy's default ejects after 5. It is reached only by a pod that maxEjectionPercent kept in."},
		{"it masks it always where every pod may go", func(r *Rule, _ *Load) { r.Consecutive5xxErrors, r.MaxEjectionPercent = nil, 100 }, []string{MaskedBy5xx}, false, "ejects after 5.\n"},
		{"a set 5xx threshold masks it", func(r *Rule, _ *Load) { r.Consecutive5xxErrors = n(7) }, []string{MaskedBy5xx}, false, "ejects after 7"},
		{"no threshold set", func(r *Rule, _ *Load) { r.ConsecutiveGatewayErrors, r.Consecutive5xxErrors = nil, nil }, []string{DefaultOf5xx}, false, "ejects after 5"},
		{"percent unset, and so too low", func(r *Rule, _ *Load) { r.MaxEjectionPercent = 0 }, []string{NoneEjectable, ZeroPercent}, true, "maxEjectionPercent 10 of 2 pods is less than one pod"},
		{"percent too low", func(r *Rule, _ *Load) { r.MaxEjectionPercent = 49 }, []string{NoneEjectable}, true, "less than one pod"},
		{"percent too low for all", func(_ *Rule, l *Load) { l.Healthy, l.Faulty = 1, 3 }, []string{FewEjectable}, false, "lets 2 of 4 pods go at once, but 3 are faulty"},
		{"all pods faulty", func(r *Rule, l *Load) { r.MaxEjectionPercent, l.Healthy = 100, 0 }, []string{AllEjectable}, false, "503 with flag UH"},
		{"panic routing", func(r *Rule, _ *Load) { r.MinHealthPercent = 51 }, []string{PanicRouting}, false, "with 1 of 2 pods out Envoy ignores the ejections"},
		{"no panic at the percentage itself", func(r *Rule, _ *Load) { r.MinHealthPercent = 50 }, nil, false, ""},
		{"huge interval", func(r *Rule, _ *Load) { r.Interval = 10 * time.Minute }, []string{LateReturn}, false, "a pod may stay out for 10m30s"},
		{"base at the cap", func(r *Rule, _ *Load) { r.BaseEjectionTime = 10 * time.Minute }, []string{NoGrowth}, false, "later ejections last no longer"},
		{"least request under concurrency", func(r *Rule, l *Load) { r.Balancer, l.Concurrency = "", 8 }, []string{UnevenBalancer, InFlight}, false, "fewer requests"},
		{"consistent hash", func(r *Rule, _ *Load) { r.Balancer = "CONSISTENT_HASH" }, []string{StickyBalancer}, false, "one pod"},
		{"passthrough", func(r *Rule, _ *Load) { r.Balancer = "PASSTHROUGH" }, []string{StickyBalancer}, true, "no pods to choose from"},
		{"nothing to choose from", func(r *Rule, _ *Load) { r.Unchosen = "Service shop/db is headless" }, []string{NoPodsToChoose}, true, "Service shop/db is headless: a sidecar sends to the address"},
		{"timeout shorter than the delay", func(_ *Rule, l *Load) { l.Timeout = 3 * time.Second }, []string{ShortTimeout}, false, "gives up after 3s, the fault takes up to 4s"},
		{"a threshold beyond what the rate allows", func(r *Rule, l *Load) { r.ConsecutiveGatewayErrors, l.Rate = n(1000), 1 }, []string{SlowToTrip}, false, "about 33m"},
		{"nothing faulty", func(r *Rule, l *Load) { r.MaxEjectionPercent, l.Faulty = 100, 0 }, []string{NothingFaulty}, false, "nothing to eject"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, l := stack()
			tt.set(&r, &l)
			var codes []string
			var text strings.Builder
			never := false
			for _, w := range r.Warnings(l) {
				codes = append(codes, w.Code)
				text.WriteString(w.Text + "\n")
				never = never || w.Never
				if w.Source == "" || w.Fix == "" {
					t.Errorf("warning %q has source %q and fix %q, want both", w.Code, w.Source, w.Fix)
				}
			}
			if diff := cmp.Diff(tt.want, codes); diff != "" {
				t.Errorf("codes (-want +got):\n%s", diff)
			}
			if never != tt.never {
				t.Errorf("never = %t, want %t", never, tt.never)
			}
			if !strings.Contains(text.String(), tt.says) {
				t.Errorf("text =\n%swant it to say %q", text.String(), tt.says)
			}
		})
	}
}

func TestTimeToTrip(t *testing.T) {
	tests := []struct {
		name        string
		set         func(*Rule, *Load)
		least, most time.Duration
		never       bool
	}{
		{"one caller at a time, 10 errors of 0 to 4s", func(*Rule, *Load) {}, 15 * time.Second, 25 * time.Second, false},
		{"eight callers are faster", func(_ *Rule, l *Load) { l.Concurrency = 8 }, 2 * time.Second, 4 * time.Second, false},
		{"eight callers with least request are slower than that", func(r *Rule, l *Load) { l.Concurrency, r.Balancer = 8, "LEAST_REQUEST" }, 2 * time.Second, 6 * time.Second, false},
		{"10 a second without delay", func(_ *Rule, l *Load) { l.Rate, l.MaxDelay = 10, 0 }, 1900 * time.Millisecond, 2100 * time.Millisecond, false},
		{"four pods get a quarter each", func(r *Rule, l *Load) { l.Rate, l.MaxDelay, l.Healthy = 10, 0, 3 }, 3900 * time.Millisecond, 4100 * time.Millisecond, false},
		{"a client that gives up at half the delay", func(_ *Rule, l *Load) { l.Timeout = 2 * time.Second }, 25 * time.Second, 35 * time.Second, false},
		{"no pod may go", func(r *Rule, _ *Load) { r.MaxEjectionPercent = 49 }, 0, 0, true},
		{"nothing faulty", func(_ *Rule, l *Load) { l.Faulty = 0 }, 0, 0, true},
		{"a client that waits for nothing", func(_ *Rule, l *Load) { l.Timeout = time.Millisecond }, 0, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, l := stack()
			tt.set(&r, &l)
			got := r.Trip(l)
			if got.Never != tt.never {
				t.Fatalf("Trip() = %+v, want never %t", got, tt.never)
			}
			if got.Mean < tt.least || got.Mean > tt.most {
				t.Errorf("Trip().Mean = %s, want %s to %s", got.Mean, tt.least, tt.most)
			}
			if got.Usual.Least > got.Mean || got.Usual.Most < got.Mean {
				t.Errorf("Trip() = %+v, want the mean within the usual", got)
			}
		})
	}
}

func TestNotesAreForRulesThatCanEject(t *testing.T) {
	no := false
	always := []string{Inline, PerClient, NoProbe, HeldBack}
	tests := []struct {
		name string
		set  func(*Rule)
		want []string
	}{
		{"any rule", func(*Rule) {}, append(always[:4:4], OwnZone, UnreadyPods, MeshDefault, ErrorCodes)},
		{"every zone is called", func(r *Rule) { r.Locality = &no }, append(always[:4:4], UnreadyPods, MeshDefault, ErrorCodes)},
		{"the zones are chosen", func(r *Rule) { r.Spread = true }, append(always[:4:4], UnreadyPods, MeshDefault, ErrorCodes)},
		{"nothing to choose from", func(r *Rule) { r.Balancer = "PASSTHROUGH" }, append(always[:4:4], UnreadyPods, MeshDefault, ErrorCodes)},
		{"pods that are not ready are kept away", func(r *Rule) { r.MinHealthPercent = 10 }, append(always[:4:4], OwnZone, MeshDefault, ErrorCodes)},
		{"none that can eject", func(r *Rule) { r.ConsecutiveGatewayErrors = nil }, nil},
		{"no rule", func(r *Rule) { *r = Rule{} }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, _ := stack()
			tt.set(&r)
			var codes []string
			for _, w := range r.Notes() {
				codes = append(codes, w.Code)
				if w.Source == "" || w.Fix == "" || w.Never {
					t.Errorf("note %+v, want a source, a fix, and that pods are ejected all the same", w)
				}
			}
			if diff := cmp.Diff(tt.want, codes); diff != "" {
				t.Errorf("codes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestACodeThatTheRuleDoesNotCountIsToldBeforehand(t *testing.T) {
	rule := func(gateway, any5xx *uint32) Rule {
		return Rule{Enabled: true, ConsecutiveGatewayErrors: gateway, Consecutive5xxErrors: any5xx, MaxEjectionPercent: 50, Balancer: "ROUND_ROBIN"}
	}
	tests := []struct {
		name string
		rule Rule
		code int
		want string // its warning; empty is none
	}{
		{"500 and gateway errors alone", rule(new(uint32(3)), new(uint32(0))), 500, CodeNotCounted},
		{"500 and both", rule(new(uint32(3)), new(uint32(7))), 500, OtherThreshold},
		{"500 and Envoy's own five", rule(new(uint32(3)), nil), 500, OtherThreshold},
		{"500 and any 5xx alone", rule(nil, new(uint32(3))), 500, ""},
		{"503 and gateway errors alone", rule(new(uint32(3)), new(uint32(0))), 503, ""},
		{"nothing said", rule(new(uint32(3)), new(uint32(0))), 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			load, got := Load{Healthy: 1, Faulty: 1, Rate: 10, Code: tt.code}, ""
			for _, w := range tt.rule.Warnings(load) {
				if w.Code == CodeNotCounted || w.Code == OtherThreshold {
					got = w.Code
				}
			}
			if got != tt.want {
				t.Errorf("got the warning %q, want %q", got, tt.want)
			}
			if never := tt.rule.Trip(load).Never; never != (tt.want == CodeNotCounted) {
				t.Errorf("never trips: %v", never)
			}
		})
	}
}
