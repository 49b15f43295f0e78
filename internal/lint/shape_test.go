package lint

import (
	"encoding/json"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"
	networking "istio.io/api/networking/v1alpha3"
)

// full is a rule with a field of each kind.
const full = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a}
spec:
  host: a
  exportTo: ["."]
  workloadSelector: {matchLabels: {app: front}}
  trafficPolicy:
    loadBalancer: {simple: RANDOM, localityLbSetting: {enabled: true, distribute: [{from: a, to: {a: 100}}], failoverPriority: [version]}}
    connectionPool: {tcp: {maxConnections: 1, connectTimeout: 1s}, http: {http1MaxPendingRequests: 1}}
    outlierDetection: {consecutive5xxErrors: 5, interval: 1s, baseEjectionTime: 2s, maxEjectionPercent: 50, splitExternalLocalOriginErrors: true}
    portLevelSettings: [{port: {number: 80}, outlierDetection: {consecutiveGatewayErrors: 5}, loadBalancer: {consistentHash: {httpHeaderName: a}}}]
    tls: {mode: SIMPLE, subjectAltNames: [a]}
  subsets: [{name: v1, labels: {version: v1}, trafficPolicy: {outlierDetection: {minHealthPercent: 10}, loadBalancer: {simple: ROUND_ROBIN}}}]
`

// Each value of a rule in another shape: where Istio's own types do not take the rule,
// lint has an error.
func TestAShapeThatIstioDoesNotTakeIsAnError(t *testing.T) {
	l := New(Options{})
	if err := l.Add("a.yaml", []byte(full)); err != nil || l.Report().Count(Error) > 0 {
		t.Fatal(err, got(l.Report()))
	}
	refused := 0
	for i := 0; ; i++ {
		for _, with := range []string{"[x]", "{x: y}", "x", "[{x: y}]", "[null]"} {
			var document, other yaml.Node
			if err := yaml.Unmarshal([]byte(full), &document); err != nil {
				t.Fatal(err)
			}
			if err := yaml.Unmarshal([]byte(with), &other); err != nil {
				t.Fatal(err)
			}
			_, spec := get(document.Content[0], "spec")
			all := below(spec)
			if i == len(all) {
				if refused < 150 {
					t.Errorf("only %d are refused", refused)
				}
				return
			}
			*all[i] = *other.Content[0]
			asJSON, err := plain(spec)
			if err != nil {
				t.Fatal(err)
			}
			if json.Unmarshal(asJSON, &networking.DestinationRule{}) == nil {
				continue
			}
			refused++
			text, err := yaml.Marshal(&document)
			if err != nil {
				t.Fatal(err)
			}
			l := New(Options{})
			if err := l.Add("a.yaml", text); err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(l.Report().Findings, func(f Finding) bool { return f.Severity == Error }) {
				t.Errorf("no error of\n%s", text)
			}
		}
	}
}

// below are the values below a node, and itself.
func below(n *yaml.Node) []*yaml.Node {
	all := []*yaml.Node{n}
	for i, child := range n.Content {
		if n.Kind != yaml.MappingNode || i%2 == 1 {
			all = append(all, below(child)...)
		}
	}
	return all
}
