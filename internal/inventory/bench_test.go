//go:build unix

package inventory

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"istio-circuit-breaker/internal/lint"

	"k8s.io/client-go/rest"
)

// large is an API server with 10,000 rules of 100 namespaces, each with a Service
// of two pods and a VirtualService, and one rule for all hosts in the root namespace,
// which each of the others hides. It makes pages as they are asked for.
func large(w http.ResponseWriter, r *http.Request) {
	const most, managed = 10_000, `"managedFields":[{"manager":"kubectl-client-side-apply","operation":"Update","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:annotations":{".":{},"f:a":{}}},"f:spec":{".":{},"f:host":{},"f:trafficPolicy":{".":{},"f:outlierDetection":{}}}}}],"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"}`
	parts := strings.Split(r.URL.Path, "/")
	resource, n := parts[len(parts)-1], most
	if resource == "pods" {
		n = 2 * most
	}
	w.Header().Set("Content-Type", "application/json")
	if strings.Contains(r.URL.Path, "/configmaps") {
		fmt.Fprint(w, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"istio","namespace":"istio-system"},"data":{"mesh":""}}`)
		return
	}
	start, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	end := min(start+limit, n)
	next := ""
	if end < n {
		next = strconv.Itoa(end)
	}
	list := `"apiVersion":"v1","kind":"List"`
	if strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadataList") {
		list = `"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadataList"`
	}
	fmt.Fprintf(w, `{%s,"metadata":{"continue":%q},"items":[`, list, next)
	var items []string
	for i := start; i < end; i++ {
		meta := func(name string, i int) string {
			return fmt.Sprintf(`"name":"%s-%d","namespace":"team-%d","creationTimestamp":"2026-11-24T10:00:00Z",%s`, name, i, i/100, managed)
		}
		switch resource {
		case "destinationrules":
			items = append(items, fmt.Sprintf(`{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{%s},"spec":{"host":"service-%d","trafficPolicy":{"connectionPool":{"tcp":{"maxConnections":100}},
"outlierDetection":{"consecutiveGatewayErrors":10,"interval":"10s","baseEjectionTime":"30s","maxEjectionPercent":10}},"subsets":[{"name":"v1","labels":{"version":"v1"}}]}}`, meta("service", i), i))
		case "virtualservices":
			items = append(items, fmt.Sprintf(`{"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{%s},"spec":{"hosts":["service-%d"],"http":[{"route":[{"destination":{"host":"service-%[2]d"}}],"retries":{"attempts":3,"retryOn":"5xx"}}]}}`, meta("service", i), i))
		case "services":
			items = append(items, fmt.Sprintf(`{"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadata","metadata":{%s}}`, meta("service", i)))
		case "endpointslices":
			items = append(items, fmt.Sprintf(`{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{%s,"labels":{"kubernetes.io/service-name":"service-%d"}},"addressType":"IPv4","endpoints":[
{"addresses":["10.0.0.1"],"conditions":{"ready":true},"targetRef":{"kind":"Pod","name":"pod-%[2]d-1"}},{"addresses":["10.0.0.2"],"conditions":{"ready":true},"targetRef":{"kind":"Pod","name":"pod-%[2]d-2"}}]}`, meta("slice", i), i))
		case "pods":
			items = append(items, fmt.Sprintf(`{"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadata","metadata":{"name":"pod-%d-%d","namespace":"team-%d",%s,"labels":{"app":"service-%[1]d","version":"v%[2]d"}}}`,
				i/2, 1+i%2, i/200, managed))
		}
	}
	if resource == "destinationrules" && next == "" {
		items = append(items, `{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"all","namespace":"istio-system","creationTimestamp":"2026-11-24T10:00:00Z"},"spec":{"host":"*.svc.cluster.local","trafficPolicy":{"outlierDetection":{"consecutive5xxErrors":5,"maxEjectionPercent":50}}}}`)
	}
	fmt.Fprint(w, strings.Join(items, ","), `]}`)
}

// BenchmarkTenThousandRules has to take 5 s and 300 MB at most on a machine that does
// nothing else; the API server is in the same process, and in what it says.
func BenchmarkTenThousandRules(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(large))
	defer server.Close()
	client, err := Connect(&rest.Config{Host: server.URL, QPS: -1})
	if err != nil {
		b.Fatal(err)
	}
	var most atomic.Uint64
	done := make(chan struct{})
	go func() {
		var m runtime.MemStats
		for tick := time.NewTicker(50 * time.Millisecond); ; {
			select {
			case <-done:
				return
			case <-tick.C:
				runtime.ReadMemStats(&m)
				most.Store(max(most.Load(), m.HeapSys-m.HeapReleased))
			}
		}
	}()
	before := cpu(b)
	for b.Loop() {
		found, err := Read(b.Context(), client, Scope{Namespace: "default", All: true})
		if err != nil || len(found.Unread) > 0 {
			b.Fatal(err, found)
		}
		r, err := found.Lint(lint.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if len(r.Rules) != 10_001 || r.Rules[5000].Pods != 2 || r.Count(lint.Error) < 10_000 {
			b.Fatalf("got %s", r.Summary())
		}
		if err := r.SARIF(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
	close(done)
	b.ReportMetric((cpu(b)-before).Seconds()/float64(b.N), "CPU-s/op")
	b.ReportMetric(float64(most.Load())/1e6, "MB-of-heap")
}

func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
