package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"istio-circuit-breaker/internal/callers"
	"istio-circuit-breaker/internal/target"
)

// shop is a cluster with one caller, whose Envoy takes one of two pods out at the
// second look, and one that cannot be read.
type shop struct {
	callers.Envoy
	mu    sync.Mutex
	looks int
}

var reviews = target.Target{Service: "reviews", Namespace: "shop", Port: 9080}

func (s *shop) Check(context.Context, target.Target) error { return nil }

func (s *shop) Find(context.Context, callers.Scope) callers.Found {
	return callers.Found{Callers: []callers.Caller{{Workload: "cart", Namespace: "shop", Pod: "cart-1", Kind: callers.Sidecar, UID: "1"}},
		Unread: []callers.Unread{{Name: "way-1.shop", Reason: "it is a waypoint"}}}
}

func (s *shop) Pods(context.Context, target.Target) (callers.Names, error) {
	return callers.Names{"198.18.0.1": "reviews-a", "198.18.0.2": "reviews-b"}, nil
}

func (s *shop) Open(callers.Caller) callers.Envoy { return s }

func (s *shop) Admin(_ context.Context, path string) ([]byte, time.Time, error) {
	if !strings.HasPrefix(path, "/clusters") {
		return nil, time.Time{}, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks++
	host := func(ip string, out bool) string {
		return fmt.Sprintf(`{"address":{"socket_address":{"address":%q,"port_value":9080}},"stats":[{"name":"rq_total","value":"5"}],"health_status":{"failed_outlier_check":%t}}`, ip, out)
	}
	return fmt.Appendf(nil, `{"cluster_statuses":[{"name":%q,"host_statuses":[%s,%s]}]}`, reviews.Cluster(), host("198.18.0.1", false), host("198.18.0.2", s.looks > 1)), time.Time{}, nil
}

func (s *shop) Close() {}

// watchShop watches until what is wanted was printed.
func watchShop(t *testing.T, c *call, asJSON bool, printed func() bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	go func() {
		for !printed() && ctx.Err() == nil {
			time.Sleep(10 * time.Millisecond)
		}
		stop()
	}()
	if err := c.watchService(ctx, &shop{}, callers.Scope{Target: reviews}, asJSON, &webPage{c: c}); err != nil {
		t.Fatal(err)
	}
	if !printed() {
		t.Fatal("the ejection was not shown")
	}
}

// printer keeps what is written.
type printer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (p *printer) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *printer) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

func (p *printer) has(words string) func() bool {
	return func() bool { return strings.Contains(p.String(), words) }
}

func TestOnAPipeEachEventOfACallerIsALine(t *testing.T) {
	out := &printer{}
	watchShop(t, newCall(observe, out, io.Discard), false, out.has("ejected reviews-b by cart-1.shop"))
	for _, want := range []string{"caller found cart-1.shop", "caller not read way-1.shop: it is a waypoint"} {
		if !strings.Contains(out.String(), want) || strings.Contains(out.String(), "\x1b") {
			t.Errorf("got %q, want %q and no codes", out, want)
		}
	}
}

func TestEachEventOfACallerIsALineOfJSON(t *testing.T) {
	out := &printer{}
	watchShop(t, newCall(observe, out, io.Discard), true, out.has(`"kind":"ejected"`))
	kinds := map[string]string{}
	for line := range strings.Lines(out.String()) {
		var e callers.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		kinds[string(e.Kind)] = e.Caller + " " + e.Pod
	}
	if kinds["ejected"] != "cart-1.shop reviews-b" || kinds["caller not read"] != "way-1.shop " {
		t.Errorf("got %v", kinds)
	}
}

func TestOnATerminalCallersAreDrawnAndAtLastPrinted(t *testing.T) {
	out := &printer{}
	c := newCall(observe, out, io.Discard)
	c.display = func(w io.Writer) (display, bool) {
		return display{out: w, size: func() (int, int, error) { return 100, 30, nil }}, true
	}
	watchShop(t, c, false, out.has("1 of 2 pods out, for 1 of 1 caller"))
	drawn, last, ended := strings.Cut(out.String(), leave)
	if !strings.HasPrefix(drawn, enter) || !ended || !strings.Contains(last, "reviews-b is out for caller 1") || strings.Contains(last, home) {
		t.Errorf("got %q", out)
	}
}

func TestThePageOfCallersIsServedBesideTheLines(t *testing.T) {
	out := &printer{}
	c := newCall(observe, out, io.Discard)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		ended <- c.watchService(ctx, &shop{}, callers.Scope{Target: reviews}, false, &webPage{c: c, asked: true})
	}()
	for !out.has("ejected reviews-b")() && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	url, _, _ := strings.Cut(out.String(), "\n")
	if text := scrape(t, url); !strings.Contains(text, "callers.js") {
		t.Errorf("the page: got %s", text)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("got %v", err)
	}
}

func TestALostTerminalEndsTheDrawing(t *testing.T) {
	c := newCall(observe, io.Discard, io.Discard)
	c.display = func(io.Writer) (display, bool) {
		return display{out: gone{}, size: func() (int, int, error) { return 100, 30, nil }}, true
	}
	if err := c.watchService(t.Context(), &shop{}, callers.Scope{Target: reviews}, false, &webPage{c: c}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v, want %v", err, io.ErrClosedPipe)
	}
}

// gone is a terminal that was closed.
type gone struct{}

func (gone) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
