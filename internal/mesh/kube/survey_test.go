package kube

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/effective"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func codes(symptoms []timeline.Symptom) []string {
	var all []string
	for _, s := range symptoms {
		all = append(all, s.Code)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func rules(t *testing.T, texts ...string) []effective.Object {
	t.Helper()
	var all []effective.Object
	for _, text := range texts {
		o, err := effective.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}

// ruleOf is a DestinationRule of the stack's namespace, as the API server has it.
func ruleOf(name, created, spec string) string {
	return `{"metadata":{"name":"` + name + `","namespace":"circuit-breaker","creationTimestamp":"2026-08-27T10:` + created + `:00Z"},"spec":{` + spec + `}}`
}

var stacksRule = ruleOf("servicex-service", "10", `"host":"servicex-service.circuit-breaker.svc.cluster.local","trafficPolicy":{"outlierDetection":{"consecutiveGatewayErrors":10}}`)

func TestRulesThatHideTheStacksAreFound(t *testing.T) {
	own := func(spec string) string { return ruleOf("servicex-service", "10", spec) }
	with := func(spec string) []string { return []string{stacksRule, spec} }
	const corp = `"host":"servicex-service.circuit-breaker.svc.corp.internal","trafficPolicy":{"outlierDetection":{}}`
	tests := []struct {
		name  string
		rules []string
		want  []string
	}{
		{"the stack's alone", []string{stacksRule}, nil},
		{"its own port settings without outlier detection", []string{own(`"host":"servicex-service","trafficPolicy":{"outlierDetection":{},"portLevelSettings":[{"port":{"number":80},"loadBalancer":{}}]}`)}, []string{"hidden-by-port-level"}},
		{"outlier detection under the port", []string{own(`"host":"servicex-service","trafficPolicy":{"portLevelSettings":[{"port":{"number":80},"outlierDetection":{}}]}`)}, []string{"hidden-by-port-level"}},
		{"another port's settings", []string{own(`"host":"servicex-service","trafficPolicy":{"outlierDetection":{},"portLevelSettings":[{"port":{"number":9090}}]}`)}, nil},
		{"an older rule of the host", with(ruleOf("mine", "05", `"host":"servicex-service","trafficPolicy":{}`)), []string{"hidden-by-other-rule"}},
		{"a newer one is merged behind it", with(ruleOf("mine", "15", `"host":"servicex-service","trafficPolicy":{}`)), nil},
		{"an older one that has subsets alone", with(ruleOf("mine", "05", `"host":"servicex-service","subsets":[{"name":"v1"}]`)), nil},
		{"one of the same second goes by its name", with(ruleOf("a", "10", `"host":"servicex-service","trafficPolicy":{}`)), []string{"hidden-by-other-rule"}},
		{"a newer one that selects the client", with(ruleOf("mine", "15", `"host":"servicex-service","workloadSelector":{"matchLabels":{"app":"servicex-client"}}`)), []string{"hidden-by-other-rule"}},
		{"one that selects others", with(ruleOf("mine", "05", `"host":"servicex-service","trafficPolicy":{},"workloadSelector":{"matchLabels":{"app":"shop"}}`)), nil},
		{"an older wildcard", with(ruleOf("mine", "05", `"host":"*.circuit-breaker.svc.cluster.local","trafficPolicy":{}`)), nil},
		{"one for callers of another namespace", with(ruleOf("mine", "05", `"host":"servicex-service","trafficPolicy":{},"exportTo":["shop"]`)), nil},
		{"a newer one that is exported otherwise is not merged", with(ruleOf("mine", "15", `"host":"servicex-service","trafficPolicy":{},"exportTo":["."]`)), []string{"hidden-by-other-rule"}},
		{"an older one that is exported otherwise", with(ruleOf("mine", "05", `"host":"servicex-service","trafficPolicy":{},"exportTo":["."]`)), nil},
		{"a wildcard, where the stack's is for another host", []string{own(`"host":"servicex","trafficPolicy":{}`), ruleOf("mine", "05", `"host":"*","trafficPolicy":{}`)}, []string{"cluster-domain", "hidden-by-other-rule"}},
		{"another host", with(ruleOf("mine", "05", `"host":"other-service","trafficPolicy":{}`)), nil},
		{"a host that is short but for its namespace", []string{own(`"host":"servicex-service.circuit-breaker","trafficPolicy":{}`)}, []string{"cluster-domain"}},
		{"a host of another domain", []string{own(`"host":"servicex-service.circuit-breaker.svc.example.org","trafficPolicy":{}`)}, []string{"cluster-domain"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := codes(ruleSymptoms(rules(t, tt.rules...), mesh.Namespace, "", map[string]string{"app": "servicex-client"})); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	for rule, want := range map[string][]string{stacksRule: {"cluster-domain"}, own(corp): nil} {
		if got := codes(ruleSymptoms(rules(t, rule), mesh.Namespace, "corp.internal", nil)); !slices.Equal(got, want) {
			t.Errorf("in a cluster of the domain corp.internal %s has %q, want %q", rule, got, want)
		}
	}
}

func TestAServerThatDemandsMTLSOfPlainTextIsFound(t *testing.T) {
	of := func(namespace, created, spec string) string {
		return `{"metadata":{"name":"x","namespace":"` + namespace + `","creationTimestamp":"2026-08-27T10:` + created + `:00Z"},"spec":{` + spec + `}}`
	}
	const own, strict, permissive = "circuit-breaker", `"mtls":{"mode":"STRICT"}`, `"mtls":{"mode":"PERMISSIVE"}`
	plain := `"host":"servicex-service","trafficPolicy":{"tls":{"mode":"DISABLE"}}`
	tests := []struct {
		name, rule string
		policies   []string
		want       []string
	}{
		{"strict in the namespace", plain, []string{of(own, "10", strict)}, []string{"mtls-mismatch"}},
		{"strict in the mesh", plain, []string{of("istio-system", "10", strict)}, []string{"mtls-mismatch"}},
		{"permissive in the namespace of a strict mesh", plain, []string{of("istio-system", "10", strict), of(own, "10", permissive)}, nil},
		{"the namespace leaves it to the mesh", plain, []string{of("istio-system", "10", strict), of(own, "10", `"mtls":{"mode":"UNSET"}`)}, []string{"mtls-mismatch"}},
		{"the older of two", plain, []string{of(own, "10", strict), of(own, "05", permissive)}, nil},
		{"an older one that leaves it to the mesh", plain, []string{of(own, "05", `"mtls":{}`), of(own, "10", strict)}, nil},
		{"strict for chosen pods", plain, []string{of(own, "10", permissive), of(own, "10", strict+`,"selector":{"matchLabels":{"app":"servicex"}}`)}, []string{"mtls-mismatch"}},
		{"a rule that speaks mTLS", `"host":"servicex-service","trafficPolicy":{"tls":{"mode":"ISTIO_MUTUAL"}}`, []string{of(own, "10", strict)}, nil},
		{"a rule that leaves it to Istio", `"host":"servicex-service","trafficPolicy":{}`, []string{of(own, "10", strict)}, nil},
		{"plain text for the port alone", `"host":"servicex-service","trafficPolicy":{"portLevelSettings":[{"port":{"number":80},"tls":{"mode":"DISABLE"}}]}`, []string{of(own, "10", strict)}, []string{"mtls-mismatch"}},
		{"a port that is left to Istio", `"host":"servicex-service","trafficPolicy":{"tls":{"mode":"DISABLE"},"portLevelSettings":[{"port":{"number":80}}]}`, []string{of(own, "10", strict)}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var policies []authentication
			if err := json.Unmarshal([]byte("["+strings.Join(tt.policies, ",")+"]"), &policies); err != nil {
				t.Fatal(err)
			}
			rule := inForce(rules(t, ruleOf("servicex-service", "10", tt.rule)), mesh.Namespace, "", nil)
			if got := codes(authenticationSymptoms(policies, rule, mesh.Namespace)); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRoutesThatComeBeforeTheBreakerAreFound(t *testing.T) {
	const http = `"http":[{"fault":{"abort":{"percentage":{"value":100},"httpStatus":504}},"retries":{"attempts":2},"timeout":"1s","route":[{"destination":{"host":"servicex-service","subset":"v1"}}]}]`
	all := []string{"fault-injection", "hidden-by-subset", "retries-mask", "upstream-timeout"}
	tests := []struct {
		name, namespace, spec string
		want                  []string
	}{
		{"by its short name", "circuit-breaker", `"hosts":["servicex-service"],` + http, all},
		{"by its full name, from another namespace", "shop", `"hosts":["servicex-service.circuit-breaker.svc.cluster.local"],` + http, []string{"fault-injection", "retries-mask", "upstream-timeout"}},
		{"a short name of another namespace", "shop", `"hosts":["servicex-service"],` + http, nil},
		{"for a gateway alone", "circuit-breaker", `"hosts":["servicex-service"],"gateways":["edge"],` + http, nil},
		{"for a gateway and the mesh", "circuit-breaker", `"hosts":["servicex-service"],"gateways":["edge","mesh"],` + http, all},
		{"for callers of its own namespace", "shop", `"hosts":["*"],"exportTo":["."],` + http, nil},
		{"another host", "circuit-breaker", `"hosts":["other"],` + http, nil},
		{"a plain route, retries off", "circuit-breaker", `"hosts":["servicex-service"],"http":[{"retries":{"attempts":0},"route":[{"destination":{"host":"servicex-service"}}]}]`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var v virtualService
			if err := json.Unmarshal([]byte(`{"metadata":{"name":"v","namespace":"`+tt.namespace+`"},"spec":{`+tt.spec+`}}`), &v); err != nil {
				t.Fatal(err)
			}
			if got := codes(routeSymptoms([]virtualService{v}, mesh.Namespace, "")); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAMeshsOwnPolicyIsFound(t *testing.T) {
	for text, want := range map[string]int{"accessLogFile: /dev/stdout\ndefaultTrafficPolicy:\n  outlierDetection: {}\n": 1, "defaultTrafficPolicy:\n  connectionPool: {}\n": 0,
		"trustDomain: cluster.local\n": 0, "defaultConfig:\n  defaultTrafficPolicy: {}\n": 0, "": 0} {
		if got, err := meshSymptoms(text); len(got) != want || err != nil {
			t.Errorf("%q: got %+v, %v; want %d symptoms", text, got, err, want)
		}
	}
	if _, err := meshSymptoms("a: [b"); err == nil {
		t.Error("no error for what is no YAML")
	}
}

func TestWhatHidesTheClientsRequestsIsFound(t *testing.T) {
	tests := []struct {
		name string
		set  func(*corev1.Pod)
		want []string
	}{
		{"an ordinary client", func(*corev1.Pod) {}, nil},
		{"ports that pass by the sidecar", func(p *corev1.Pod) {
			p.Annotations = map[string]string{"traffic.sidecar.istio.io/excludeOutboundPorts": "80"}
		}, []string{"bypasses-sidecar"}},
		{"all ranges are the default", func(p *corev1.Pod) {
			p.Annotations = map[string]string{"traffic.sidecar.istio.io/includeOutboundIPRanges": "*"}
		}, nil},
		{"ztunnel", func(p *corev1.Pod) { p.Annotations = map[string]string{"ambient.istio.io/redirection": "enabled"} }, []string{"hbone"}},
		{"another domain, which is the cluster's", func(p *corev1.Pod) { p.Spec.InitContainers[0].Args[3] = "$(POD_NAMESPACE).svc.example.org" }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "c", Namespace: mesh.Namespace}, Spec: corev1.PodSpec{InitContainers: []corev1.Container{
				{Name: sidecar, Args: []string{"proxy", "sidecar", "--domain", "$(POD_NAMESPACE).svc.cluster.local", "--proxyLogLevel=warning"}}}}}
			tt.set(pod)
			if got := codes(clientSymptoms(pod)); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
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
			fmt.Fprintf(w, `{"items":[%s,%s]}`, stacksRule, ruleOf("mine", "05", `"host":"servicex-service","trafficPolicy":{}`))
		case strings.HasSuffix(r.URL.Path, "/pods/servicex-client"):
			fmt.Fprint(w, `{"metadata":{"name":"servicex-client","namespace":"circuit-breaker","annotations":{"traffic.sidecar.istio.io/excludeOutboundPorts":"80"}}}`)
		case r.URL.Path == "/apis/networking.istio.io/v1/virtualservices": // all namespaces
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"virtualservices.networking.istio.io is forbidden: User \"me\" cannot list resource at the cluster scope"}`)
		case strings.HasSuffix(r.URL.Path, "/virtualservices"):
			fmt.Fprint(w, `{"items":[{"metadata":{"name":"v","namespace":"circuit-breaker"},"spec":{"hosts":["servicex-service"],"http":[{"fault":{"delay":{"fixedDelay":"1s"}}}]}}]}`)
		case strings.HasSuffix(r.URL.Path, "/endpointslices"):
			fmt.Fprint(w, `{"items":[{"endpoints":[{"conditions":{"ready":false}}]}]}`)
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404,"message":"not found"}`)
		}
	}))
	got, err := c.Survey(t.Context(), mesh.Client{Pod: "servicex-client"})
	if want := []string{"bypasses-sidecar", "fault-injection", "hidden-by-other-rule", "no-endpoints", "not-readable"}; err != nil || !slices.Equal(codes(got), want) {
		t.Errorf("got %+v, %v; want %q", got, err, want)
	}
}
