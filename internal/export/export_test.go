package export

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/callers"
	"istio-circuit-breaker/internal/golden"
	"istio-circuit-breaker/internal/target"
	"istio-circuit-breaker/internal/timeline"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// disagreeing are two callers of two pods, of whom one has ejected one, and one
// was lost; and some that nobody can read.
func disagreeing() callers.Matrix {
	t := target.Target{Service: "reviews", Namespace: "shop", Port: 9080}
	at := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	cart := callers.View{Caller: callers.Caller{Workload: "cart", Namespace: "shop", Pod: "cart-1"}, Cluster: t.Cluster(), Outlier: &timeline.OutlierDetection{}, OutlierKnown: true,
		Pods: []callers.Cell{{Pod: "reviews-a", Address: "198.18.0.1:9080"}, {Pod: "reviews-b", Address: "198.18.0.2:9080", Out: true, Since: callers.Between{Earliest: at, Latest: at.Add(250 * time.Millisecond)}},
			{Pod: "reviews-b", Address: "198.18.0.3:9080"}},
		Ejections: map[callers.Count]uint64{{Pod: "reviews-b", Cause: "CONSECUTIVE_GATEWAY_FAILURE"}: 3, {Pod: "reviews-b", Cause: callers.Unknown}: 1}}
	lost := cart
	lost.Caller = callers.Caller{Workload: "web", Namespace: "shop", Pod: "web-1"}
	lost.Lost, lost.Ejections = "connection refused", map[callers.Count]uint64{{Pod: "reviews-a", Cause: callers.Unknown}: 1}
	return callers.Matrix{Target: target.Target{Service: "reviews", Namespace: "shop"}, Views: []callers.View{cart, lost},
		Unread: []callers.Unread{{Name: "way-1.shop", Workload: "way", Reason: "it is a waypoint"}, {Name: "7 pods", NoEnvoy: true, Reason: "no sidecar"}}}
}

func scraped(t *testing.T, accept string, collectors ...Collector) (kind, text string) {
	t.Helper()
	pages, err := Handler(collectors...)
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequest(http.MethodGet, Path, nil)
	request.Header.Set("Accept", accept)
	answer := httptest.NewRecorder()
	pages.ServeHTTP(answer, request)
	if answer.Code != http.StatusOK {
		t.Fatalf("got %d: %s", answer.Code, answer.Body)
	}
	var lines []string
	for line := range strings.Lines(answer.Body.String()) {
		if !strings.Contains(line, "promhttp_") {
			lines = append(lines, line)
		}
	}
	return answer.Header().Get("Content-Type"), strings.Join(lines, "")
}

func TestEveryFormatSaysTheSame(t *testing.T) {
	for _, tt := range []struct{ name, accept, kind string }{
		{"prometheus.txt", "text/plain", "text/plain; version=0.0.4"},
		{"openmetrics.txt", "application/openmetrics-text; version=1.0.0", "application/openmetrics-text; version=1.0.0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			kind, text := scraped(t, tt.accept, Collector{disagreeing})
			if !strings.HasPrefix(kind, tt.kind) {
				t.Errorf("got %q, want %q", kind, tt.kind)
			}
			golden.Check(t, tt.name, text)
		})
	}
}

func TestTheNamesFollowPrometheusConventions(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(Collector{disagreeing}); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("got %v, %v", problems, err)
	}
}

func TestSeveralServicesAreOneAnswer(t *testing.T) {
	other := func() callers.Matrix {
		m := disagreeing()
		m.Target.Service = "ratings"
		return m
	}
	_, text := scraped(t, "text/plain", Collector{disagreeing}, Collector{other})
	for _, want := range []string{`istio_outlier_caller_up{caller="cart-1.shop",caller_workload="cart",service="ratings.shop"} 1`, `istio_outlier_caller_up{caller="cart-1.shop",caller_workload="cart",service="reviews.shop"} 1`} {
		if !strings.Contains(text, want) {
			t.Errorf("got %s\nwant %s", text, want)
		}
	}
}

func TestServingEndsWithItsContext(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := Handler(Collector{disagreeing})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, listener, pages) }()
	answer, err := http.Get("http://" + listener.Addr().String() + Path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	if err != nil || !strings.Contains(string(text), "istio_outlier_ejected{") {
		t.Errorf("got %q, %v", text, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("got %v", err)
	}
}
