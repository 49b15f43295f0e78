package lint

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
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

// layouts are 10,000 rules each, by who has them: n is the rule's number.
var layouts = map[string]func(n int) (name, namespace, host, spec string){
	"one host in 10000 namespaces": func(n int) (string, string, string, string) {
		return "a", fmt.Sprint("ns-", n), "reviews.shop.svc.cluster.local", ""
	},
	"one host in one namespace": func(n int) (string, string, string, string) {
		return fmt.Sprint("r-", n), "shop", "reviews", ""
	},
	"one host, exported to one each": func(n int) (string, string, string, string) {
		return fmt.Sprint("r-", n), "shop", "reviews", fmt.Sprintf("exportTo: [ns-%d]", n)
	},
	"100 hosts, exported to one of 100 each": func(n int) (string, string, string, string) {
		return fmt.Sprint("r-", n), fmt.Sprint("shop-", n/100), "reviews", fmt.Sprintf("exportTo: [ns-%d]", n)
	},
	"100 hosts, merged of 100 with subsets": func(n int) (string, string, string, string) {
		return fmt.Sprint("r-", n), fmt.Sprint("shop-", n/100), "reviews", fmt.Sprintf("subsets: [{name: v1}, {name: v%d}]", n)
	},
	"1000 hosts, in ten namespaces each": func(n int) (string, string, string, string) {
		return fmt.Sprint("r-", n), fmt.Sprint("ns-", n%10), fmt.Sprintf("reviews.shop-%d.svc.cluster.local", n/10), ""
	},
	"1000 hosts, merged of ten": func(n int) (string, string, string, string) {
		return fmt.Sprint("r-", n), fmt.Sprint("shop-", n/10), "reviews", "subsets: [{name: v1}]"
	},
	"5000 hosts, two in their namespace": func(n int) (string, string, string, string) {
		return fmt.Sprint("r-", n), fmt.Sprint("shop-", n/2), "reviews", "subsets: [{name: v1}]"
	},
	"half for one host in its namespace, half in theirs": func(n int) (string, string, string, string) {
		if n%2 == 0 {
			return fmt.Sprint("r-", n), "shop", "reviews", ""
		}
		return "a", fmt.Sprint("ns-", n), "reviews.shop.svc.cluster.local", ""
	},
	"half wildcards": func(n int) (string, string, string, string) {
		if n%2 == 0 {
			return "a", fmt.Sprint("ns-", n), "'*.svc.cluster.local'", ""
		}
		return fmt.Sprint("r-", n), "shop", fmt.Sprint("reviews-", n), ""
	},
	"a wildcard of each namespace": func(n int) (string, string, string, string) {
		if n%100 == 0 {
			return "a", fmt.Sprint("ns-", n/100), fmt.Sprintf("'*.ns-%d.svc.cluster.local'", n/100), ""
		}
		return fmt.Sprint("r-", n), fmt.Sprint("ns-", n/100), fmt.Sprint("reviews-", n), ""
	},
	"three wildcards of the root namespace": func(n int) (string, string, string, string) {
		if n < 3 {
			return fmt.Sprint("a-", n), "istio-system", "'" + []string{"*.local", "*.cluster.local", "*.svc.cluster.local"}[n] + "'", ""
		}
		return fmt.Sprint("r-", n), fmt.Sprint("ns-", n/100), fmt.Sprint("reviews-", n), ""
	},
	"selectors of one host": func(n int) (string, string, string, string) {
		return fmt.Sprint("r-", n), "shop", "reviews", fmt.Sprintf("workloadSelector: {matchLabels: {app: a%d}}", n)
	},
	"misspelt": func(n int) (string, string, string, string) {
		return fmt.Sprint("r-", n), "shop", fmt.Sprint("reviews-", n), "trafficpolicy: {outlier_detection: {consecutive_5xx_errors: 5}}"
	},
}

func laidOut(of func(n int) (name, namespace, host, spec string), services bool) []byte {
	var text bytes.Buffer
	for n := range 10_000 {
		name, namespace, host, spec := of(n)
		fmt.Fprintf(&text, "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: %s, namespace: %s}\nspec:\n  host: %s\n  trafficPolicy: {outlierDetection: {consecutive5xxErrors: %d, interval: 1s}}\n", name, namespace, host, 1+n%50)
		if spec != "" {
			text.WriteString("  " + spec + "\n")
		}
		if services {
			fmt.Fprintf(&text, "---\napiVersion: v1\nkind: Service\nmetadata: {name: reviews, namespace: %s}\nspec: {selector: {app: reviews}}\n", namespace)
		}
	}
	return text.Bytes()
}

// BenchmarkTenThousandRules has to take 5 s and 300 MB of the machine's memory at
// most, however they are laid out: as documents, with all that stands beside rules;
// as one List; and where many are for one host.
func BenchmarkTenThousandRules(b *testing.B) {
	texts := map[string]func() []byte{"documents": func() []byte { return manifests(10_000) }, "a List": list}
	for name, of := range layouts {
		texts[name] = func() []byte { return laidOut(of, false) }
	}
	texts["one service in 10000 namespaces"] = func() []byte { return laidOut(layouts["one host in 10000 namespaces"], true) }
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(Memory))
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		b.Run(name, func(b *testing.B) {
			text := texts[name]()
			b.SetBytes(int64(len(text)))
			spared := 0 // hosts that were too much to look into
			peak, before := fresh(b), processor(b)
			for b.Loop() {
				l := New(Options{})
				if err := l.Add("a.yaml", text); err != nil {
					b.Fatal(err)
				}
				r := l.Report()
				spared = l.spent.hosts
				if len(r.Rules) != 10_000 && name != "misspelt" {
					b.Fatalf("got %s", r.Summary())
				}
				if err := r.SARIF(io.Discard); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(spared), "spared-hosts")
			b.ReportMetric(peak(), "MB-of-memory")
			b.ReportMetric((processor(b)-before).Seconds()/float64(b.N), "s-of-processor/op")
		})
	}
}

// fresh gives the process's memory back, and counts anew what it has at most.
func fresh(b *testing.B) func() float64 {
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		b.Skipf("no peak of memory is known here: %v", err)
	}
	return func() float64 {
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			b.Fatal(err)
		}
		_, after, _ := strings.Cut(string(status), "VmHWM:")
		kilobytes, err := strconv.ParseFloat(strings.Fields(after)[0], 64)
		if err != nil {
			b.Fatal(err)
		}
		return kilobytes / 1e3
	}
}

// processor is the time that the process had of it, which other processes do not lengthen.
func processor(b *testing.B) time.Duration {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func list() []byte {
	var text bytes.Buffer
	text.WriteString("kind: List\nitems:\n")
	for i := range 10_000 {
		text.WriteString("-\n")
		for line := range strings.Lines(strings.TrimPrefix(manifest(i), "---\n")) {
			text.WriteString("  " + line)
		}
	}
	return text.Bytes()
}
