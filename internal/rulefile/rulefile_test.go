package rulefile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/breaker"

	"github.com/google/go-cmp/cmp"
)

const shop = "../../infra/testdata/rulefile/shop.yaml"

func TestARuleIsReadAsItHoldsOnServiceX(t *testing.T) {
	for name, want := range map[string]struct {
		rule  breaker.Rule
		host  string
		notes int
	}{
		"shop/cart": {breaker.Rule{Enabled: true, Consecutive5xxErrors: new(uint32(3)), Interval: 2 * time.Second, BaseEjectionTime: 15 * time.Second, MaxEjectionPercent: 50},
			"cart.shop.svc.cluster.local", 2},
		// The balancer of the host is not that of the port.
		"checkout": {breaker.Rule{Enabled: true, ConsecutiveGatewayErrors: new(uint32(4)), Consecutive5xxErrors: new(uint32(0)), MaxEjectionPercent: 100},
			"checkout", 1},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Read(shop, name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.rule, got.Breaker()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got.Name != name || got.Host != want.host || len(got.Notes) != want.notes {
				t.Errorf("got %q of %q with the notes %q", got.Name, got.Host, got.Notes)
			}
		})
	}
}

func rule(spec string) string {
	return "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec: " + spec + "\n"
}

func TestTheOnlyRuleThatEjectsNeedsNoName(t *testing.T) {
	one := rule(`{host: a, trafficPolicy: {outlierDetection: {}}}`)
	other := strings.Replace(rule(`{host: b}`), "name: a", "name: b", 1)
	asJSON := `{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"a"},"spec":{"host":"a","trafficPolicy":{"outlierDetection":{}}}}`
	for _, text := range []string{one, other + "---\n" + one, asJSON} {
		if got, err := Parse("a.yaml", []byte(text), ""); err != nil || got.Name != "a" || !got.Breaker().Enabled {
			t.Errorf("got %+v, %v of\n%s", got, err, text)
		}
	}
}

func TestWhatCannotBeTriedIsRefusedByName(t *testing.T) {
	const on = `outlierDetection: {consecutive5xxErrors: 3}`
	tests := []struct {
		name, text, rule string
		want             []string
	}{
		{"nothing", "", "", []string{`reading "a.yaml": there is no DestinationRule in it`}},
		{"no YAML", "a: [", "", []string{`parsing "a.yaml", line `}},
		{"nobody ejects", rule(`{host: a}`), "", []string{`no DestinationRule in it has outlierDetection; it has a`}},
		{"two eject", rule(`{trafficPolicy: {`+on+`}}`) + "---\n" + strings.Replace(rule(`{trafficPolicy: {`+on+`}}`), "name: a", "name: b", 1), "",
			[]string{"more than one DestinationRule has outlierDetection, and one has to be named: a, b"}},
		{"another name", rule(`{trafficPolicy: {` + on + `}}`), "b", []string{`0 DestinationRules are named "b"; it has a`}},
		{"by name without outlierDetection", rule(`{host: a, trafficPolicy: {}}`), "a", []string{"trafficPolicy.outlierDetection: it has none"}},
		{"a slip", rule(`{trafficPolicy: {outlierDetection: {consecutive5xxError: 3}}}`), "", []string{`reading DestinationRule "a" in "a.yaml": `, `unknown field "consecutive5xxError"`}},
		{"a wrong type", rule(`{trafficPolicy: {outlierDetection: {interval: soon}}}`), "", []string{`invalid google.protobuf.Duration value "soon"`}},
		{"all that cannot hold", rule(`{workloadSelector: {matchLabels: {a: b}}, subsets: [{name: v1, trafficPolicy: {` + on + `}}], trafficPolicy: {tls: {mode: SIMPLE}, tunnel: {targetHost: a, targetPort: 1},
  proxyProtocol: {version: V1}, loadBalancer: {simple: PASSTHROUGH}, portLevelSettings: [{port: {number: 8080}, ` + on + `}]}}`), "",
			[]string{"trying DestinationRule \"a\" in \"a.yaml\" on ServiceX:\n", `subsets "v1": trafficPolicy: `, "workloadSelector: ", "trafficPolicy.portLevelSettings of port 8080: ServiceX's Service has port 80 alone",
				"trafficPolicy.tls.mode SIMPLE: ", "trafficPolicy.tunnel: ", "trafficPolicy.proxyProtocol: ", "trafficPolicy.loadBalancer.simple PASSTHROUGH: "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("a.yaml", []byte(tt.text), tt.rule)
			if err == nil {
				t.Fatal("taken")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in:\n%v", want, err)
				}
			}
		})
	}
}

// FuzzParse feeds any text: it never panics, and what it takes ejects by a policy
// of the port's own.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("../lint/testdata/rules/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range append(files, shop) {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, "")
	}
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		r, err := Parse("a.yaml", text, name)
		if err == nil && (!r.Breaker().Enabled || len(r.Policy.GetPortLevelSettings()) > 0) {
			t.Errorf("took %+v", r)
		}
	})
}
