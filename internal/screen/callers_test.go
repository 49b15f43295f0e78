package screen

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"istio-circuit-breaker/internal/callers"
	"istio-circuit-breaker/internal/golden"
	"istio-circuit-breaker/internal/target"
	"istio-circuit-breaker/internal/timeline"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.Local)

func after(s float64) time.Time { return noon.Add(time.Duration(s * float64(time.Second))) }

// disagreeing is a service of so many pods: one caller has ejected the last two,
// one none, one has no outlier detection, one was lost, and one never called.
func disagreeing(pods int) callers.Matrix {
	const cluster = "outbound|9080||reviews.shop.svc.cluster.local"
	view := func(name string, requests uint64, o *timeline.OutlierDetection) callers.View {
		v := callers.View{Caller: callers.Caller{Workload: name, Namespace: "shop", Pod: name + "-5d4f9-x2x", Kind: callers.Sidecar}, Cluster: cluster,
			Requests: requests, Outlier: o, OutlierKnown: true, Looked: after(40), Ejections: map[callers.Count]uint64{}}
		for i := range pods {
			v.Pods = append(v.Pods, callers.Cell{Pod: fmt.Sprintf("reviews-%02d", i+1), Address: fmt.Sprintf("198.18.0.%d:9080", i+1)})
		}
		return v
	}
	rule := &timeline.OutlierDetection{Gateway: 10, EnforcingGateway: 100, BaseEjectionTime: 30 * time.Second, Interval: time.Second}
	cart, web, edge, old, idle := view("cart", 12345, rule), view("web", 800, rule), view("ingress", 12, nil), view("old", 3, rule), view("idle", 0, rule)
	edge.Caller.Kind = callers.Gateway
	old.Lost, old.OutlierKnown = "connection refused", false
	last, before := &cart.Pods[pods-1], &cart.Pods[pods-2]
	last.Out, last.Ejections, last.Cause = true, 3, "CONSECUTIVE_GATEWAY_FAILURE"
	last.Since, last.Back = callers.Between{Earliest: after(29.8), Latest: after(30)}, callers.Between{Earliest: after(59.8), Latest: after(121)}
	before.Out, before.Since, before.Back = true, callers.Between{Latest: after(1)}, callers.Between{Latest: after(332)}
	cart.Ejections[callers.Count{Pod: last.Pod, Cause: last.Cause}] = 3
	web.Pods[0].Ejections = 1
	web.Ejections[callers.Count{Pod: "reviews-01", Cause: callers.Unknown}] = 1
	return callers.Matrix{Target: target.Target{Service: "reviews", Namespace: "shop"}, Began: noon, Views: []callers.View{cart, idle, edge, old, web},
		Unread: []callers.Unread{{Name: "way-1.shop", Reason: "it is a waypoint, which cannot be read yet"}}}
}

func happened() []callers.Event {
	since, back := callers.Between{Earliest: after(29.8), Latest: after(30)}, callers.Between{Earliest: after(59.8), Latest: after(121)}
	return []callers.Event{
		{Time: after(0), Kind: callers.CallerFound, Caller: "cart-5d4f9-x2x.shop", Detail: "a sidecar of cart", Source: "API server"},
		{Time: after(1), Kind: callers.OutAlready, Caller: "cart-5d4f9-x2x.shop", Pod: "reviews-03", Since: &callers.Between{Latest: after(1)}, Back: &callers.Between{Latest: after(332)}, Source: "endpoint health"},
		{Time: after(30), Kind: timeline.PodEjected, Caller: "cart-5d4f9-x2x.shop", Cluster: "outbound|9080|v2|reviews.shop.svc.cluster.local", Pod: "reviews-04",
			Cause: "CONSECUTIVE_GATEWAY_FAILURE", Since: &since, Back: &back, Source: "endpoint health"},
		{Time: after(31), Kind: timeline.Confirmed, Caller: "cart-5d4f9-x2x.shop", Pod: "reviews-04", Detail: "ejected"},
		{Time: after(35), Kind: timeline.PodReturned, Caller: "web-5d4f9-x2x.shop", Pod: "reviews-01", Out: 30200 * time.Millisecond, Source: "outlier log"},
		{Time: after(40), Kind: callers.CallerUnread, Caller: "way-1.shop", Detail: "it is a waypoint, which cannot be read yet", Source: "API server"},
	}
}

func TestCallersByPods(t *testing.T) {
	for _, tt := range []struct {
		name                string
		pods, width, height int
	}{{"wide", 4, 120, 40}, {"narrow", 4, 60, 40}, {"forty-pods", 40, 100, 24}} {
		t.Run(tt.name, func(t *testing.T) {
			golden.Check(t, "callers-"+tt.name+".txt", strings.Join(Callers(disagreeing(tt.pods), happened(), after(42), tt.width, tt.height, false), "\n")+"\n")
		})
	}
}

func TestWhoIsOutIsInSightOnAnyScreen(t *testing.T) {
	m := disagreeing(40)
	for width := 1; width <= 130; width += 7 {
		for height := 1; height <= 50; height += 3 {
			lines := Callers(m, happened(), after(42), width, height, false)
			if len(lines) > height {
				t.Fatalf("%d by %d: got %d lines", width, height, len(lines))
			}
			text := strings.Join(lines, "\n")
			for _, l := range lines {
				if utf8.RuneCountInString(l) > width {
					t.Fatalf("%d by %d: %q is too wide", width, height, l)
				}
			}
			if width > 60 && height > 12 && (!strings.Contains(text, "reviews-39") || !strings.Contains(text, "reviews-40")) {
				t.Errorf("%d by %d: the ejected pods are not in sight:\n%s", width, height, text)
			}
		}
	}
}

func TestBeforeAnybodyWasReadTheScreenSaysSo(t *testing.T) {
	lines := Callers(callers.Matrix{Target: target.Target{Service: "reviews", Namespace: "shop"}, Began: noon}, nil, noon, 80, 24, false)
	if len(lines) != 1 || !strings.Contains(lines[0], "no caller has been read yet") {
		t.Errorf("got %q", lines)
	}
}

func TestEachEventOfACallerIsOneLine(t *testing.T) {
	var text strings.Builder
	for _, e := range happened() {
		if line := CallerLine(e); line != "" {
			text.WriteString(line + "\n")
		}
	}
	golden.Check(t, "callers-lines.txt", text.String())
}

// One drawing of five callers and fifty pods; a terminal has five a second.
func BenchmarkCallers(b *testing.B) {
	m := disagreeing(50)
	for b.Loop() {
		Callers(m, happened(), after(42), 120, 50, true)
	}
}
