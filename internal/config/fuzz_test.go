package config_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"istio-circuit-breaker/internal/config"
)

// FuzzParse feeds any configuration: it never panics, refuses with problems
// that say what they are about, and what it accepts ejects at least one pod.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"istio-circuit-breaker:image.repository":"you/servicex"}`,
		`{"istio-circuit-breaker:image.reference":"a@sha256:b","istio-circuit-breaker:outlier":"{\"interval\":\"1s\"}"}`,
		`{"istio-circuit-breaker:image.repository":"a","istio-circuit-breaker:outlier.maxEjectionPercent":"49"}`,
		`{"istio-circuit-breaker:image":"{\"repository\":\"a\"}","istio-circuit-breaker:replicas":"{\"faulty\":50,\"healthy\":null}"}`,
		`{"istio-circuit-breaker:istio.values":"{\"a\":[1e999]}","istio-circuit-breaker:":"","istio-circuit-breaker:.":"{}"}`,
		`{"istio-circuit-breaker:outlier.baseEjectionTime":"9223372036854775807ns","kubernetes:context":"x"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var raw map[string]string
		if json.Unmarshal([]byte(text), &raw) != nil {
			return
		}
		c, err := config.Parse(raw)
		if err != nil {
			var p *config.Problem
			if !errors.As(err, &p) || p.Key == "" || p.Reason == "" {
				t.Errorf("refused without a problem that can be read: %v", err)
			}
			return
		}
		o := c.Outlier
		if o.ConsecutiveErrors < 1 || config.Ejectable(o.MaxEjectionPercent, c.Replicas.Total()) < 1 || c.Replicas.Faulty < 1 {
			t.Errorf("accepted a rule that never ejects: %+v, %+v", o, c.Replicas)
		}
		for _, d := range []time.Duration{o.BaseEjectionTime, o.Interval} {
			if d < time.Millisecond || d%time.Millisecond != 0 {
				t.Errorf("accepted %s, which Istio refuses", d)
			}
		}
		if c.Image.Repository == "" && c.Image.Reference == "" {
			t.Error("accepted a configuration without an image")
		}
	})
}
