package explain

import (
	"bytes"
	"testing"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/golden"
)

func stack() Input {
	return Input{
		Rule: breaker.Rule{Enabled: true, ConsecutiveGatewayErrors: new(uint32(10)), Consecutive5xxErrors: new(uint32(0)),
			BaseEjectionTime: 30 * time.Second, Interval: time.Second, MaxEjectionPercent: 50, Balancer: "ROUND_ROBIN"},
		Load: breaker.Load{Healthy: 1, Faulty: 1, Concurrency: 1, MaxDelay: 4 * time.Second, Timeout: 10 * time.Second},
	}
}

func TestExplanationReadsAsThePageInTestdata(t *testing.T) {
	tests := []struct {
		name string // of the golden files
		set  func(*Input)
	}{
		{"default", func(*Input) {}},
		{"masked-and-too-small", func(in *Input) {
			in.Rule.Consecutive5xxErrors, in.Rule.MaxEjectionPercent = nil, 0
		}},
		{"concurrent-least-request", func(in *Input) {
			in.Rule.Balancer = ""
			in.Load.Concurrency, in.Load.Rate, in.Load.Timeout = 8, 20, 3*time.Second
			in.Load.Healthy, in.Load.Faulty, in.Ejections = 2, 2, 12
		}},
		{"all-may-go", func(in *Input) {
			in.Rule.MaxEjectionPercent, in.Load.Healthy, in.Load.Faulty = 100, 0, 2
			in.Rule.BaseEjectionTime, in.Load.MaxDelay = 2*time.Second, 0
		}},
		{"base-above-the-cap", func(in *Input) { in.Rule.BaseEjectionTime = 10 * time.Minute }},
		{"off", func(in *Input) { in.Rule = breaker.Rule{} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := stack()
			tt.set(&in)
			e, err := Run(in)
			if err != nil {
				t.Fatal(err)
			}
			var text, json bytes.Buffer
			if err := e.Text(&text); err != nil {
				t.Fatal(err)
			}
			if err := e.JSON(&json); err != nil {
				t.Fatal(err)
			}
			golden.Check(t, tt.name+".txt", text.String())
			golden.Check(t, tt.name+".json", json.String())
		})
	}
}

func TestBadInputIsRefusedAllAtOnce(t *testing.T) {
	_, err := Run(Input{Load: breaker.Load{Healthy: -1, Faulty: -2, Rate: -0.5, Concurrency: -3, MaxDelay: -time.Second, Timeout: -time.Second}, Ejections: 101})
	const want = `healthy pods -1: must be 0 or more
faulty pods -2: must be 0 or more
rate -0.5: must be 0 (as fast as answers come) to 1000000 requests a second
concurrency -3: must be 1 or more
maximum delay -1s: must be 0 or more
timeout -1s: must be 0 (none) or more
ejections 101: must be 0 (5 are listed) to 100`
	if err == nil || err.Error() != want {
		t.Errorf("Run() error =\n%v\nwant\n%s", err, want)
	}
	if _, err := Run(Input{}); err == nil || err.Error() != "pods 0: must be 1 or more in all" {
		t.Errorf("Run(no pods) error = %v", err)
	}
}
