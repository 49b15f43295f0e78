package mesh

import (
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

func TestAnAnswerIsReadAsTheClientRoleWritesIt(t *testing.T) {
	sent, a, err := ParseAnswer([]byte(`{"time":"2026-11-24T10:00:00.5Z","latency":1500000,"code":504,"pod":"servicex-error-1","version":"504"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := timeline.Answer{Latency: 1500 * time.Microsecond, Code: 504, Pod: "servicex-error-1", Version: "504"}
	if a != want || !sent.Equal(time.Date(2026, 11, 24, 10, 0, 0, 5e8, time.UTC)) {
		t.Errorf("got %v %+v, want %+v", sent, a, want)
	}
}

func TestWhatIsNoAnswerIsRefused(t *testing.T) {
	for text, want := range map[string]string{"oops": "parsing an answer \"oops\": ", "{}": "it has no time"} {
		if _, _, err := ParseAnswer([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseAnswer(%s): got %v, want %q", text, err, want)
		}
	}
}

func FuzzParseAnswer(f *testing.F) {
	f.Add([]byte(`{"time":"2026-11-24T10:00:00.5Z","latency":1500000,"code":504,"pod":"p"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if sent, _, err := ParseAnswer(line); err == nil && sent.IsZero() {
			t.Errorf("an answer without time: %q", line)
		}
	})
}

const cluster = "outbound|80||h"

func dump(outlier string) []byte {
	return []byte(`{"configs":[{"cluster":{"name":"other"}},{"version_info":"1","cluster":{"name":"` + cluster + `"` + outlier + `}}]}`)
}

func TestEnvoysConfigurationIsReadAsItsEffect(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"no outlier detection", ``, "no outlier detection"},
		{"as Istio writes the stack's rule", `,"outlier_detection":{"interval":"1s","base_ejection_time":"30s","max_ejection_percent":50,"enforcing_consecutive_5xx":0,"consecutive_gateway_failure":10,"enforcing_consecutive_gateway_failure":100,"enforcing_success_rate":0}`,
			"consecutive_gateway_failure 10, base 30s, interval 1s, max 50 %"},
		{"a gateway threshold that is masked", `,"outlier_detection":{"consecutive_gateway_failure":10,"enforcing_consecutive_gateway_failure":100}`,
			"consecutive_5xx 5, base 30s, interval 10s, max 10 %"},
		{"a gateway threshold that is only looked at", `,"outlier_detection":{"consecutive_gateway_failure":3,"consecutive_5xx":7,"base_ejection_time":"0.500s"}`,
			"consecutive_5xx 7, base 500ms, interval 10s, max 10 %"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rule, err := parseConfig(dump(tt.text), cluster)
			if got := Effect(rule); err != nil || got != tt.want {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestAConfigurationWithoutTheClusterIsAnError(t *testing.T) {
	_, err := parseConfig([]byte(`{"configs":[]}`), cluster)
	if err == nil || err.Error() != `parsing Envoy's configuration: no cluster "outbound|80||h" in it` {
		t.Errorf("got %v", err)
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add(dump(`,"outlier_detection":{"consecutive_5xx":7,"interval":"1s"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if rule, err := parseConfig(text, cluster); err != nil && rule != (breaker.Rule{}) {
			t.Errorf("a rule beside the error %v: %+v", err, rule)
		}
	})
}
