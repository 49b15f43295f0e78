package kube

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
)

func codes(symptoms []timeline.Symptom) []string {
	var all []string
	for _, s := range symptoms {
		all = append(all, s.Code)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

const stacksRule = `{"metadata":{"name":"servicex-service","namespace":"circuit-breaker"},"spec":{"host":"servicex-service.circuit-breaker.svc.cluster.local","trafficPolicy":{"outlierDetection":{"consecutiveGatewayErrors":10}}}}`

func TestRulesThatHideTheStacksAreFound(t *testing.T) {
	tests := []struct {
		name, rule string
		want       []string
	}{
		{"the stack's alone", stacksRule, nil},
		{"its own port settings without outlier detection", `{"metadata":{"name":"servicex-service","namespace":"circuit-breaker"},"spec":{"host":"servicex-service","trafficPolicy":{"outlierDetection":{},"portLevelSettings":[{"port":{"number":80},"loadBalancer":{}}]}}}`, []string{"hidden-by-port-level"}},
		{"outlier detection under the port", `{"metadata":{"name":"servicex-service","namespace":"circuit-breaker"},"spec":{"host":"servicex-service","trafficPolicy":{"portLevelSettings":[{"port":{"number":80},"outlierDetection":{}}]}}}`, []string{"hidden-by-port-level"}},
		{"another port's settings", `{"metadata":{"name":"servicex-service","namespace":"circuit-breaker"},"spec":{"host":"servicex-service","trafficPolicy":{"outlierDetection":{},"portLevelSettings":[{"port":{"number":9090}}]}}}`, nil},
		{"a subset with a policy", `{"metadata":{"name":"servicex-service","namespace":"circuit-breaker"},"spec":{"host":"servicex-service","subsets":[{"name":"v1","trafficPolicy":{}}]}}`, []string{"hidden-by-subset"}},
		{"a subset without one", `{"metadata":{"name":"servicex-service","namespace":"circuit-breaker"},"spec":{"host":"servicex-service","subsets":[{"name":"v1"}]}}`, nil},
		{"another rule of the host", `{"metadata":{"name":"mine","namespace":"circuit-breaker"},"spec":{"host":"servicex-service"}}`, []string{"hidden-by-other-rule"}},
		{"one in another namespace, by the full name", `{"metadata":{"name":"theirs","namespace":"istio-system"},"spec":{"host":"servicex-service.circuit-breaker.svc.cluster.local"}}`, []string{"hidden-by-other-rule"}},
		{"one for all hosts of the namespace", `{"metadata":{"name":"wide","namespace":"istio-system"},"spec":{"host":"*.circuit-breaker.svc.cluster.local"}}`, []string{"hidden-by-other-rule"}},
		{"a short name in another namespace is another service", `{"metadata":{"name":"theirs","namespace":"elsewhere"},"spec":{"host":"servicex-service"}}`, nil},
		{"another host", `{"metadata":{"name":"other","namespace":"circuit-breaker"},"spec":{"host":"other-service"}}`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r otherRule
			if err := json.Unmarshal([]byte(tt.rule), &r); err != nil {
				t.Fatal(err)
			}
			if got := codes(ruleSymptoms([]otherRule{r}, mesh.Namespace)); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAMeshsOwnPolicyIsFound(t *testing.T) {
	for text, want := range map[string]int{"accessLogFile: /dev/stdout\ndefaultTrafficPolicy:\n  outlierDetection: {}\n": 1, "trustDomain: cluster.local\n": 0, "defaultConfig:\n  defaultTrafficPolicy: {}\n": 0, "": 0} {
		if got := len(meshSymptoms(text)); got != want {
			t.Errorf("%q: got %d symptoms, want %d", text, got, want)
		}
	}
}

func TestWhatHidesTheClientsRequestsIsFound(t *testing.T) {
	got := clientSymptoms(named{Name: "c", Namespace: "n", Annotations: map[string]string{"traffic.sidecar.istio.io/excludeOutboundPorts": "80"}, Labels: map[string]string{"istio.io/dataplane-mode": "ambient"}})
	if want := []string{"bypasses-sidecar", "hbone"}; !slices.Equal(codes(got), want) {
		t.Errorf("got %q, want %q", codes(got), want)
	}
}

// What may not be read is told, and the rest is looked at all the same.
func TestASurveyTellsWhatItMayNotRead(t *testing.T) {
	c := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, "/peerauthentications"):
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"peerauthentications.security.istio.io is forbidden: User \"me\" cannot list resource"}`)
		case strings.HasSuffix(r.URL.Path, "/destinationrules"):
			fmt.Fprintf(w, `{"items":[%s,{"metadata":{"name":"mine","namespace":"circuit-breaker"},"spec":{"host":"servicex-service"}}]}`, stacksRule)
		case strings.HasSuffix(r.URL.Path, "/endpointslices"):
			fmt.Fprint(w, `{"items":[{"endpoints":[{"conditions":{"ready":false}}]}]}`)
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404,"message":"not found"}`)
		}
	}))
	got, err := c.Survey(t.Context(), mesh.Client{Pod: "servicex-client"})
	if want := []string{"hidden-by-other-rule", "no-endpoints", "not-readable"}; err != nil || !slices.Equal(codes(got), want) {
		t.Errorf("got %+v, %v; want %q", got, err, want)
	}
}
