package envoyadmin

import (
	"errors"
	"testing"
	"time"

	"istio-circuit-breaker/internal/timeline"

	"github.com/google/go-cmp/cmp"
)

const configured = "outbound|80||h"

func dump(fields string) []byte {
	return []byte(`{"configs":[{"cluster":{"name":"other"}},{"version_info":"1","cluster":{"name":"` + configured + `;"` + fields + `}}]}`)
}

func TestAClustersConfigurationIsReadWithEnvoysDefaults(t *testing.T) {
	unset := timeline.OutlierDetection{Gateway: 5, Any5xx: 5, Enforcing5xx: 100, Local: 5, EnforcingLocal: 100, EnforcingSuccess: 100,
		Interval: 10 * time.Second, BaseEjectionTime: 30 * time.Second, MaxEjectionTime: 300 * time.Second, MaxEjectionPercent: 10}
	stacks := unset
	stacks.Gateway, stacks.EnforcingGateway, stacks.Enforcing5xx, stacks.EnforcingSuccess = 10, 100, 0, 0
	stacks.Interval, stacks.MaxEjectionPercent = time.Second, 50
	long := unset
	long.BaseEjectionTime, long.MaxEjectionTime, long.Jitter, long.Split, long.AlwaysEjectOne = 10*time.Minute, 10*time.Minute, 500*time.Millisecond, true, true
	tests := []struct {
		name, text string
		want       timeline.Sidecar
	}{
		{"no outlier detection", ``, timeline.Sidecar{Balancer: "ROUND_ROBIN", PanicPercent: 50}},
		{"nothing set in it", `,"lb_policy":"LEAST_REQUEST","outlier_detection":{}`, timeline.Sidecar{Balancer: "LEAST_REQUEST", PanicPercent: 50, Outlier: &unset}},
		{"as Istio writes the stack's rule", `,"common_lb_config":{"healthy_panic_threshold":{}},"outlier_detection":{"interval":"1s","base_ejection_time":"30s","max_ejection_percent":50,"enforcing_consecutive_5xx":0,"consecutive_gateway_failure":10,"enforcing_consecutive_gateway_failure":100,"enforcing_success_rate":0}`,
			timeline.Sidecar{Balancer: "ROUND_ROBIN", Outlier: &stacks}},
		{"times, split and locality", `,"common_lb_config":{"healthy_panic_threshold":{"value":60},"locality_weighted_lb_config":{}},"outlier_detection":{"base_ejection_time":"600s","max_ejection_time_jitter":"0.500s","split_external_local_origin_errors":true,"always_eject_one_host":true}`,
			timeline.Sidecar{Balancer: "ROUND_ROBIN", PanicPercent: 60, Locality: true, Outlier: &long}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseConfig(dump(tt.text), configured)
			tt.want.Cluster = configured
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("ParseConfig: %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestAConfigurationWithoutTheClusterSaysSo(t *testing.T) {
	for _, text := range []string{`{"configs":[]}`, `{}`, `{"configs":[{"cluster":{"name":"outbound|80||other"}}]}`} {
		if _, err := ParseConfig([]byte(text), configured); !errors.Is(err, ErrNoCluster) {
			t.Errorf("ParseConfig(%s): got %v, want ErrNoCluster", text, err)
		}
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add(dump(`,"outlier_detection":{"consecutive_5xx":7,"interval":"1s"}`))
	f.Add(dump(`,"outlier_detection":{"interval":"soon"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, err := ParseConfig(text, configured); err == nil && s.Cluster != configured {
			t.Errorf("another cluster: %+v", s)
		}
	})
}
