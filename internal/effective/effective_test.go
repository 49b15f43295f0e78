package effective_test

import (
	"strings"
	"testing"
	"time"

	networking "istio.io/api/networking/v1alpha3"

	"istio-circuit-breaker/internal/effective"
	"istio-circuit-breaker/internal/effective/layout"
)

// What each layout comes to by istiod's code, worked out by hand and not by the
// package.
func TestWhatACallerHasByHand(t *testing.T) {
	const none = ""
	tests := []struct {
		layout string
		call   int
		// errors is consecutive5xxErrors in force, from the outlierDetection there;
		// none where there is no outlier detection.
		errors, from string
		// other is another field in force, as name=value.
		other string
		// why is what is said of other objects or parts: object, path where it is a
		// part, and code.
		why    []string
		reason string
	}{
		{"01-no-rule", 0, none, "", "loadBalancer=LEAST_REQUEST", nil, "nothing is declared"},
		{"03-services-namespace", 0, "11", "layout-a/svc spec.trafficPolicy", "", nil, "the service's namespace is the second that is looked at; exportTo is * if it is not set"},
		{"05-all-three", 0, "11", "layout-client/own spec.trafficPolicy", "", []string{"layout-a/svc farther-namespace", "istio-system/root farther-namespace"}, "the first namespace ends the search, whatever the age"},
		{"07-third-namespace", 0, none, "", "", []string{"layout-b/third other-namespace"}, "only three namespaces are ever looked at"},
		{"08-short-host", 0, none, "", "", []string{"layout-client/own other-host"}, "a short host is of the rule's own namespace, where there is no such service"},
		{"10-host-with-namespace", 0, none, "", "", []string{"layout-a/svc other-host"}, "a host with a dot stands as it is"},
		{"12-wildcard-before-farther", 0, "11", "layout-client/own spec.trafficPolicy", "", []string{"layout-a/svc farther-namespace"}, "the namespace comes before the host's precision"},
		{"13-exact-before-wildcard", 0, "11", "layout-a/exact spec.trafficPolicy", "", []string{"layout-a/wild wider-host"}, "within a namespace precision comes before age"},
		{"14-longest-wildcard", 0, "11", "layout-client/long spec.trafficPolicy", "", []string{"layout-client/short wider-host"}, "the longer wildcard is more specific"},
		{"18-wildcard-takes-away", 0, none, "", "loadBalancer=RANDOM", []string{"layout-a/svc farther-namespace"}, "a rule without outlierDetection ends the search too"},
		{"22-export-others", 0, none, "", "", []string{"layout-a/svc not-exported"}, "exportTo names others"},
		{"24-export-hides-wildcard", 0, "13", "istio-system/root spec.trafficPolicy", "", []string{"layout-a/exact not-exported", "layout-a/wild wider-host"}, "hosts are compared before exportTo is"},
		{"25-export-root-own", 0, none, "", "", []string{"istio-system/root not-exported"}, "what the root keeps to itself is not for others"},
		{"25-export-root-own", 1, "11", "istio-system/root spec.trafficPolicy", "", nil, "but for the gateway in it"},
		{"26-export-not-to-itself", 0, "12", "layout-a/svc spec.trafficPolicy", "", []string{"layout-client/own not-exported"}, "a namespace that is not named is not meant, be it its own"},
		{"28-export-differs-newer-holds", 0, "12", "layout-a/new spec.trafficPolicy", "", []string{"layout-a/old other-export"}, "rules of different exportTo are not merged, and the last of the list holds"},
		{"31-export-superset", 0, "11", "layout-a/old spec.trafficPolicy", "", []string{"layout-a/new older-rule"}, "a superset is merged into the older"},
		{"32-export-superset-lost", 0, none, "", "", []string{"layout-a/old not-exported", "layout-a/new not-exported"}, "merged into a rule for others, it has their exportTo"},
		{"34-selector-first", 0, "12", "layout-client/selects spec.trafficPolicy", "", []string{"layout-client/all selected-rule"}, "a selector for the caller comes first"},
		{"34-selector-first", 1, "11", "layout-client/all spec.trafficPolicy", "", []string{"layout-client/selects other-workloads"}, "and is not for the others"},
		{"36-selector-hides-farther", 0, none, "", "", []string{"layout-client/selects other-workloads", "layout-a/svc farther-namespace"}, "what is found in the caller's namespace ends the search before selectors are looked at"},
		{"37-selector-of-service", 0, none, "", "", []string{"layout-a/selects not-exported"}, "a rule with a selector is never exported"},
		{"41-selector-swallows", 2, none, "", "", []string{"layout-client/all other-workloads", "layout-client/selects other-workloads"}, "both have exportTo ., so the rule for all was merged into the one with the selector"},
		{"42-selector-on-wildcard", 0, "11", "layout-client/exact spec.trafficPolicy", "", []string{"layout-client/selects wider-host"}, "selectors are looked at within the most specific host"},
		{"45-older-holds", 0, "12", "layout-a/b-old spec.trafficPolicy", "", []string{"layout-a/a-new older-rule"}, "the older's policy holds"},
		{"46-older-without-policy", 0, "11", "layout-a/new spec.trafficPolicy", "", []string{"layout-a/old merged"}, "the first that has a policy"},
		{"47-same-second", 0, "12", "layout-a/a spec.trafficPolicy", "", []string{"layout-a/b older-rule"}, "by name where the times are the same"},
		{"48-subsets-of-both", 1, "11", "layout-a/old spec.trafficPolicy", "loadBalancer=RANDOM", []string{"layout-a/new in-force"}, "the newer's subset over the older's policy"},
		{"51-policies-not-mixed", 0, none, "", "loadBalancer=RANDOM", []string{"layout-a/new older-rule"}, "policies are taken as a whole"},
		{"55-port-loses", 0, none, "", "loadBalancer=RANDOM", []string{"layout-a/svc spec.trafficPolicy.outlierDetection port-level"}, "a port's entry replaces the policy with what it leaves out"},
		{"58-port-twice", 0, "11", "layout-a/svc spec.trafficPolicy.portLevelSettings[0]", "loadBalancer=LEAST_REQUEST", nil, "the first entry of the port"},
		{"61-subset-replaces", 0, "5", "layout-a/svc spec.subsets[0].trafficPolicy", "interval=10s", []string{"layout-a/svc spec.trafficPolicy.outlierDetection subset-level"}, "a block is replaced as a whole: Envoy's defaults fill it"},
		{"61-subset-replaces", 0, "5", "layout-a/svc spec.subsets[0].trafficPolicy", "loadBalancer=RANDOM", nil, "another block of the host's policy stays"},
		{"62-subset-balancer", 0, "11", "layout-a/svc spec.trafficPolicy", "loadBalancer=ROUND_ROBIN", nil, "block by block"},
		{"63-subset-port", 0, none, "", "loadBalancer=ROUND_ROBIN", []string{"layout-a/svc spec.trafficPolicy.outlierDetection subset-level"}, "a port's entry of a subset replaces every block of the host"},
		{"65-subset-over-port", 1, "12", "layout-a/svc spec.trafficPolicy.portLevelSettings[0]", "loadBalancer=ROUND_ROBIN", nil, "the subset is put over the host's entry for the port"},
		{"69-subset-passthrough-host", 1, "11", "layout-a/svc spec.trafficPolicy", "loadBalancer=PASSTHROUGH", []string{"layout-a/svc spec.subsets[0].trafficPolicy.loadBalancer passthrough"}, "the subset's cluster has the type of the host's"},
		{"71-gateway-alone", 0, "5", "layout-a/svc spec.trafficPolicy", "consecutiveGatewayErrors=10", nil, "what is not set is Envoy's default of five"},
		{"72-zeros", 0, "off", "layout-a/svc spec.trafficPolicy", "maxEjectionPercent=10", nil, "0 of a count is off, 0 percent is not set"},
		{"79-locality-lost", 2, "11", "layout-a/svc spec.trafficPolicy", "localityLbSetting=on", nil, "localityLbSetting is part of the loadBalancer that the subset replaces"},
		{"81-other-revision", 0, "12", "layout-a/plain spec.trafficPolicy", "", []string{"layout-a/svc other-revision"}, "another istiod's rule, though the older"},
		{"84-gateway-private-first", 0, "11", "istio-system/root spec.trafficPolicy", "", []string{"layout-a/svc farther-namespace"}, "a private rule of the root namespace comes first for callers in it"},
		{"86-mesh-default", 0, "21", "MeshConfig defaultTrafficPolicy", "interval=2s", nil, "without any rule the mesh's default holds"},
		{"88-mesh-default-replaced", 0, "5", "layout-a/svc spec.trafficPolicy", "interval=10s", []string{"MeshConfig defaultTrafficPolicy.outlierDetection rule-level"}, "the mesh's is replaced as a whole"},
		{"89-mesh-default-port", 0, "21", "MeshConfig defaultTrafficPolicy", "loadBalancer=RANDOM", []string{"layout-a/svc spec.trafficPolicy.outlierDetection port-level"}, "the mesh's comes after the port's entry"},
		{"90-mesh-default-subset-port", 1, none, "", "loadBalancer=ROUND_ROBIN", []string{"MeshConfig defaultTrafficPolicy.outlierDetection subset-level"}, "and before the subset's"},
		{"93-mesh-default-hidden", 0, "21", "MeshConfig defaultTrafficPolicy", "", []string{"layout-client/selects other-workloads"}, "no rule, so the mesh's default"},
		{"94-mesh-export", 0, none, "", "", []string{"layout-a/svc not-exported", "istio-system/root not-exported"}, "the mesh's exportTo is for rules that have none"},
		{"96-mesh-locality-off", 0, "11", "layout-a/svc spec.trafficPolicy", "localityLbSetting=off", nil, "the mesh says so, and the rule nothing"},
		{"96-mesh-locality-off", 2, "11", "layout-a/svc spec.trafficPolicy", "localityLbSetting=on", nil, "a localityLbSetting that is there at all comes before the mesh's"},
	}
	all := map[string]layout.Layout{}
	for _, l := range layouts(t) {
		all[l.Name] = l
	}
	for _, tt := range tests {
		t.Run(tt.layout, func(t *testing.T) {
			l, is := all[tt.layout]
			if !is {
				t.Fatal("there is no such layout")
			}
			rules, err := l.Objects()
			if err != nil {
				t.Fatal(err)
			}
			r := l.Compute(rules, l.Calls[tt.call])
			if from := strings.TrimSuffix(origin(r, "outlierDetection"), ".outlierDetection"); value(r, "consecutive5xxErrors") != tt.errors || tt.errors != none && from != tt.from {
				t.Errorf("%s: %q from %q; want %q from %q: %s", l.Calls[tt.call], value(r, "consecutive5xxErrors"), from, tt.errors, tt.from, tt.reason)
			}
			if name, want, is := strings.Cut(tt.other, "="); is && value(r, name) != want {
				t.Errorf("%s: %s is %q, want %q: %s", l.Calls[tt.call], name, value(r, name), want, tt.reason)
			}
			for _, want := range tt.why {
				if !says(r, want) {
					t.Errorf("%s: %+v; want %q: %s", l.Calls[tt.call], r.Considered, want, tt.reason)
				}
			}
		})
	}
}

func value(r effective.Result, name string) string {
	for _, f := range r.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

func origin(r effective.Result, name string) string {
	for _, f := range r.Fields {
		if f.Name == name {
			return f.Origin.String()
		}
	}
	return ""
}

func says(r effective.Result, want string) bool {
	for _, c := range r.Considered {
		if strings.Join(strings.Fields(c.Object+" "+c.Path+" "+string(c.Code)), " ") == want {
			return true
		}
	}
	return false
}

// Every rule is told of once, whether it counts and why, and no input is changed.
func TestEveryRuleIsToldOfOnce(t *testing.T) {
	for _, l := range layouts(t) {
		rules, err := l.Objects()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range l.Calls {
			seen := map[string]int{}
			for _, o := range l.Compute(rules, c).Considered {
				if o.Path == "" {
					seen[o.Object]++
				}
				if o.Code == "" || !strings.HasSuffix(o.Text, ".") {
					t.Errorf("%s, %s: no reason for %+v", l.Name, c, o)
				}
			}
			for _, o := range rules {
				if seen[o.String()] != 1 {
					t.Errorf("%s, %s: %s is told of %d times", l.Name, c, o, seen[o.String()])
				}
			}
		}
	}
}

// What a rule comes to does not hang on the order in which rules are listed.
func TestTheOrderOfTheListIsNothing(t *testing.T) {
	for _, l := range layouts(t) {
		rules, err := l.Objects()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range l.Calls {
			var there, back strings.Builder
			text(&there, c, l.Compute(rules, c))
			reversed := make([]effective.Object, 0, len(rules))
			for i := range rules {
				reversed = append(reversed, rules[len(rules)-1-i])
			}
			if text(&back, c, l.Compute(reversed, c)); there.String() != back.String() {
				t.Errorf("%s: one way\n%s\nthe other\n%s", l.Name, there.String(), back.String())
			}
		}
	}
}

// Objects as a cluster may hold them, though its webhook would refuse them today.
func TestWhatIsHalfThereIsNoPanic(t *testing.T) {
	rules := []effective.Object{{}, {Namespace: "a", Name: "nil"}, {Namespace: "a", Name: "nils", Created: time.Now(), Spec: &networking.DestinationRule{
		Host: "svc", Subsets: []*networking.Subset{nil, {}}, TrafficPolicy: &networking.TrafficPolicy{PortLevelSettings: []*networking.TrafficPolicy_PortTrafficPolicy{nil, {}}}}}}
	for _, s := range []effective.Service{{}, {Host: "svc.a.svc.cluster.local", Namespace: "a", Port: 80}, {Host: "*.example.com", Namespace: "a", Subset: "v1"}} {
		if r := effective.Compute(rules, effective.Mesh{}, effective.Caller{Namespace: "a"}, s); r.Rule.Enabled {
			t.Errorf("%+v: got %+v", s, r)
		}
	}
}

func TestMeshConfigIsRead(t *testing.T) {
	for text, want := range map[string]uint32{"": 0, "trustDomain: x\n": 0, "defaultTrafficPolicy:\n  outlierDetection: {consecutive5xxErrors: 7}\nofALaterIstio: 1\n": 7} {
		config, err := effective.ParseMesh([]byte(text))
		if got := config.GetDefaultTrafficPolicy().GetOutlierDetection().GetConsecutive_5XxErrors().GetValue(); got != want || err != nil {
			t.Errorf("%q: got %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"a: [b", "defaultTrafficPolicy: 1\n"} {
		if _, err := effective.ParseMesh([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), "decoding MeshConfig") {
			t.Errorf("%q: got %v", text, err)
		}
	}
}
