package lint

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// manifests are n rules of namespaces of a hundred, and as many services,
// workloads and routes.
func manifests(n int) []byte {
	var text bytes.Buffer
	for i := range n {
		fmt.Fprintf(&text, `---
apiVersion: v1
kind: Service
metadata: {name: %[1]s, namespace: %[2]s}
spec: {selector: {app: %[1]s, tier: web}, ports: [{port: 80, name: http}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s, namespace: %[2]s}
spec:
  replicas: 2
  template:
    metadata: {labels: {app: %[1]s, tier: web}}
    spec: {containers: [{name: app, image: app}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: %[1]s, namespace: %[2]s}
spec:
  hosts: [%[1]s]
  http:
  - route: [{destination: {host: %[1]s}}]
    retries: {attempts: 3, retryOn: 5xx}
`, fmt.Sprint("service-", i), fmt.Sprint("team-", i/100))
		text.WriteString(manifest(i))
	}
	return text.Bytes()
}

func manifest(i int) string {
	return fmt.Sprintf(`---
# Source: chart/templates/destinationrule.yaml
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: %[1]s
  namespace: %[2]s
  labels: {app.kubernetes.io/managed-by: Helm}
spec:
  host: %[1]s.%[2]s.svc.cluster.local
  trafficPolicy:
    connectionPool:
      tcp: {maxConnections: 100, connectTimeout: 1s}
      http: {http2MaxRequests: 1000}
    outlierDetection:
      consecutiveGatewayErrors: 10
      interval: 10s
      baseEjectionTime: 30s
      maxEjectionPercent: 10
  subsets:
  - {name: v1, labels: {version: v1}}
`, fmt.Sprint("service-", i), fmt.Sprint("team-", i/100))
}

// BenchmarkTenThousandRules has to take 5 s and 300 MB at most: as documents, with
// all that stands beside rules, and as one List, which is in memory as a whole.
func BenchmarkTenThousandRules(b *testing.B) {
	var list bytes.Buffer
	list.WriteString("kind: List\nitems:\n")
	for i := range 10_000 {
		list.WriteString("-\n")
		for line := range strings.Lines(strings.TrimPrefix(manifest(i), "---\n")) {
			list.WriteString("  " + line)
		}
	}
	for name, text := range map[string][]byte{"documents": manifests(10_000), "list": list.Bytes()} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			var most uint64
			for b.Loop() {
				l := New(Options{})
				if err := l.Add("a.yaml", text); err != nil {
					b.Fatal(err)
				}
				r := l.Report()
				if len(r.Rules) != 10_000 || r.Count(Error) < 10_000 {
					b.Fatalf("got %s", r.Summary())
				}
				if err := r.SARIF(io.Discard); err != nil {
					b.Fatal(err)
				}
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapSys-m.HeapReleased)
			}
			b.ReportMetric(float64(most)/1e6, "MB-of-heap")
		})
	}
}
