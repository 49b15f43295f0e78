package web

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
)

// opened is a page with a load that is on, and what the load was last set to.
func opened(t *testing.T) (*Page, chan mesh.Load) {
	t.Helper()
	asked := make(chan mesh.Load, 10)
	p, err := Open(t.Context(), "", Options{Load: mesh.Load{Rate: 5, Concurrency: 1, Timeout: time.Second}, On: true, Pace: 1,
		SetLoad: func(l mesh.Load) { asked <- l }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	p.Show(header(time.Now()), time.Now())
	return p, asked
}

// browser follows the stream of a page.
type browser struct {
	*testing.T
	response *http.Response
	lines    *bufio.Scanner
}

func follow(t *testing.T, p *Page) *browser {
	t.Helper()
	response, err := http.Get(p.URL + "events")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	return &browser{t, response, lines}
}

// next is the next message, or nil at the stream's end.
func (b *browser) next() map[string]json.RawMessage {
	b.Helper()
	for b.lines.Scan() {
		if data, ok := strings.CutPrefix(b.lines.Text(), "data: "); ok {
			return parts(b.T, []byte(data))
		}
	}
	return nil
}

// until skips messages until one has a part that fits.
func until[T any](b *browser, name string, fits func(T) bool) T {
	b.Helper()
	for {
		message := b.next()
		if message == nil {
			b.Fatalf("the stream ended before %q was as wanted", name)
		}
		if message[name] != nil {
			if value := partOf[T](b.T, message, name); fits(value) {
				return value
			}
		}
	}
}

func TestABrowserFollowsTheRun(t *testing.T) {
	p, _ := opened(t)
	b := follow(t, p)
	if got := b.response.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("content type: got %q", got)
	}
	first := b.next()
	if run := partOf[runState](t, first, "run"); run.Context != "lab" || !run.Controls || run.Ended {
		t.Errorf("run: got %+v", run)
	}
	if rule := partOf[ruleState](t, first, "rule"); rule.Threshold != 3 || rule.Words == "" {
		t.Errorf("rule: got %+v", rule)
	}
	now := time.Now()
	p.Show(snapshot(now, pod("a", "504", timeline.InRotation)), now)
	p.Show(answered(now, "a", 504), now)
	until(b, "pods", func(pods []podState) bool { return len(pods) == 1 && pods[0].InARow == 1 })
	p.Show(happened(now, timeline.Event{Kind: timeline.PodEjected, Pod: "a", Ejection: 1}), now)
	until(b, "pods", func(pods []podState) bool { return pods[0].State == timeline.Ejected })

	late := follow(t, p).next()
	if pods := partOf[[]podState](t, late, "pods"); len(pods) != 1 || pods[0].State != timeline.Ejected {
		t.Errorf("a late browser gets %+v, want the ejected pod", pods)
	}
	if events := partOf[[]eventState](t, late, "events"); len(events) != 1 {
		t.Errorf("a late browser gets %d events, want 1", len(events))
	}
}

func TestAQuietRunIsToldFromALostOne(t *testing.T) {
	inPipes(t, func(h *hub, dial func() net.Conn) {
		conn := dial()
		fmt.Fprint(conn, "GET /events HTTP/1.1\r\nHost: localhost:8080\r\n\r\n")
		b := &browser{T: t, lines: bufio.NewScanner(conn)}
		began := time.Now()
		// Longer than the server's limit of reading a request.
		for i := range 3 {
			if message, after := b.next(), time.Since(began); message == nil || after != time.Duration(i)*beat {
				t.Errorf("message %d: got %s after %s, want one after %s", i, message, after, time.Duration(i)*beat)
			}
		}
	})
}

func TestABrowserThatDoesNotReadIsDropped(t *testing.T) {
	inPipes(t, func(h *hub, dial func() net.Conn) {
		fmt.Fprint(dial(), "GET /events HTTP/1.1\r\nHost: localhost:8080\r\n\r\n")
		began := time.Now()
		synctest.Wait()
		for range 1000 {
			h.show(happened(time.Now(), timeline.Event{Kind: timeline.PodAdded, Pod: "p"}), time.Now())
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("the run waited %s for a browser", took)
		}
		time.Sleep(patience - time.Millisecond)
		if n := following(h); n != 1 {
			t.Errorf("got %d readers, want 1 while there is patience", n)
		}
		time.Sleep(time.Second)
		if n := following(h); n != 0 {
			t.Errorf("got %d readers, want none after %s", n, patience)
		}
	})
}

// following is the number of readers.
func following(h *hub) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.readers)
}

// inPipes serves a hub at localhost:8080 on the fake clock, over pipes: they
// hold nothing that is not read.
func inPipes(t *testing.T, test func(h *hub, dial func() net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := newHub(Options{Pace: 1})
		listener := &pipes{make(chan net.Conn), make(chan struct{})}
		server := &http.Server{Handler: handler(h, "127.0.0.1:8080"), ReadTimeout: time.Second}
		go server.Serve(listener)
		defer server.Close()
		var conns []net.Conn
		defer func() {
			for _, conn := range conns {
				conn.Close()
			}
		}()
		test(h, func() net.Conn {
			client, server := net.Pipe()
			conns = append(conns, client)
			listener.conns <- server
			return client
		})
	})
}

type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	close(p.closed)
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func TestClosingEndsTheStreamsAtOnce(t *testing.T) {
	p, _ := opened(t)
	b := follow(t, p)
	b.next()
	follow(t, p) // does not read
	began := time.Now()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("closing took %s", took)
	}
	until(b, "run", func(run runState) bool { return run.Ended })
	if more := b.next(); more != nil {
		t.Errorf("after the end: got %v", more)
	}
	if _, err := http.Get(p.URL); err == nil {
		t.Error("the page is still served")
	}
}

func TestTheLoadIsSwitchedOnAllPages(t *testing.T) {
	p, asked := opened(t)
	one, other := follow(t, p), follow(t, p)
	for _, tt := range []struct {
		body string
		want mesh.Load
	}{
		{`{"on":true,"rate":7.5,"concurrency":3}`, mesh.Load{Rate: 7.5, Concurrency: 3, Timeout: time.Second}},
		{`{"on":false,"rate":7.5,"concurrency":3}`, mesh.Load{}},
	} {
		status, text := post(t, p, tt.body, nil)
		if status != http.StatusOK || text != `{"problems":[]}` {
			t.Errorf("%s: got %d %s", tt.body, status, text)
		}
		if diff := cmp.Diff(tt.want, <-asked); diff != "" {
			t.Errorf("%s: load (-want +got):\n%s", tt.body, diff)
		}
	}
	for _, b := range []*browser{one, other} {
		until(b, "load", func(l loadState) bool { return l == loadState{On: false, Rate: 7.5, Concurrency: 3} })
	}
}

// post sends a load, with headers besides the type.
func post(t *testing.T, p *Page, body string, headers map[string]string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "POST", p.URL+"load", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	return do(t, request, headers)
}

func do(t *testing.T, request *http.Request, headers map[string]string) (int, string) {
	t.Helper()
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	if host := headers["Host"]; host != "" {
		request.Host = host
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, strings.TrimSpace(string(text))
}
