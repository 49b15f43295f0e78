package kube

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"istio-circuit-breaker/internal/callers"
	"istio-circuit-breaker/internal/target"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// kubelet is an API server that forwards ports to handlers, by pod; a pod without
// one has nobody on its port.
type kubelet struct {
	admin map[string]http.Handler
	pods  []any
	dials atomic.Int32
}

func (k *kubelet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, forwards := strings.CutSuffix(r.URL.Path, "/portforward")
	switch {
	case strings.HasSuffix(r.URL.Path, "/endpointslices"):
		answer(w, fields{"kind": "EndpointSliceList", "apiVersion": "discovery.k8s.io/v1", "items": []any{}})
	case strings.HasSuffix(r.URL.Path, "/pods"):
		answer(w, list("1", k.pods...))
	case !forwards:
		answer(w, fields{"kind": "Service", "apiVersion": "v1", "spec": fields{"ports": []any{fields{"port": 80}}}})
	case r.Method == http.MethodGet: // a websocket, which this one does not know
		http.Error(w, "no websockets", http.StatusBadRequest)
	default:
		k.forward(w, r, name[strings.LastIndex(name, "/")+1:])
	}
}

func (k *kubelet) forward(w http.ResponseWriter, r *http.Request, pod string) {
	k.dials.Add(1)
	if _, err := httpstream.Handshake(r, w, []string{"portforward.k8s.io"}); err != nil {
		return
	}
	streams, failed := make(chan httpstream.Stream), make(map[string]httpstream.Stream)
	conn := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(s httpstream.Stream, _ <-chan struct{}) error {
		streams <- s
		return nil
	})
	if conn == nil {
		return
	}
	defer conn.Close()
	for {
		select {
		case <-conn.CloseChan():
			return
		case s := <-streams:
			id := s.Headers().Get(corev1.PortForwardRequestIDHeader)
			if s.Headers().Get(corev1.StreamType) == corev1.StreamTypeError {
				failed[id] = s
				continue
			}
			go k.connect(s, failed[id], pod)
		}
	}
}

func (k *kubelet) connect(data, failed httpstream.Stream, pod string) {
	defer failed.Close()
	defer data.Close()
	handler := k.admin[pod]
	if handler == nil {
		fmt.Fprintf(failed, "failed to connect to localhost:%s inside namespace", failed.Headers().Get(corev1.PortHeader))
		return
	}
	requests := bufio.NewReader(data)
	for {
		r, err := http.ReadRequest(requests)
		if err != nil {
			return
		}
		recorded := httptest.NewRecorder()
		handler.ServeHTTP(recorded, r)
		said := recorded.Result()
		said.ContentLength = int64(recorded.Body.Len())
		if said.Write(data) != nil {
			return
		}
	}
}

func TestACallersEnvoyIsAskedThroughOneConnection(t *testing.T) {
	k := &kubelet{admin: map[string]http.Handler{"cart-1": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", "Thu, 26 Nov 2026 10:00:00 GMT")
		io.WriteString(w, r.URL.Path)
	})}}
	all, err := open(t, k).Callers()
	if err != nil {
		t.Fatal(err)
	}
	envoy := all.Open(callers.Caller{Namespace: "shop", Pod: "cart-1", AdminPort: 15000})
	defer envoy.Close()
	for range 3 {
		body, said, err := envoy.Admin(t.Context(), "/stats")
		if err != nil || string(body) != "/stats" || !said.Equal(time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)) {
			t.Fatalf("got %q at %v, %v", body, said, err)
		}
	}
	if n := k.dials.Load(); n != 1 {
		t.Errorf("got %d connections, want 1", n)
	}
	envoy.Close()
	if _, _, err := envoy.Admin(t.Context(), "/stats"); err != nil || k.dials.Load() != 2 {
		t.Errorf("after it was closed: got %v and %d connections, want a second", err, k.dials.Load())
	}
}

func TestAnAdminInterfaceElsewhereIsSaid(t *testing.T) {
	all, err := open(t, &kubelet{}).Callers()
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = all.Open(callers.Caller{Namespace: "shop", Pod: "cart-1", AdminPort: 15500}).Admin(t.Context(), "/stats")
	if err == nil || !strings.Contains(err.Error(), "nobody answers on port 15500: failed to connect to localhost:15500") {
		t.Errorf("got %v, want that nobody answers, in the kubelet's words", err)
	}
}

// fifty is what Envoy answers of a cluster with 50 hosts, laid out as it does.
func fifty(cluster string, out int) []byte {
	var hosts []any
	stat := func(name string, value int) any { return fields{"name": name, "value": fmt.Sprint(value)} }
	for i := range 50 {
		health := fields{"eds_health_status": "HEALTHY"}
		if i < out {
			health["failed_outlier_check"] = true
		}
		hosts = append(hosts, fields{"address": fields{"socket_address": fields{"address": fmt.Sprintf("198.18.0.%d", i+1), "port_value": 8080}},
			"stats": []any{stat("cx_connect_fail", 0), stat("cx_total", 7), stat("rq_error", 3), stat("rq_success", 12345), stat("rq_timeout", 0), stat("rq_total", 12348+out),
				stat("cx_active", 2), stat("rq_active", 1), stat("rq_pending_active", 0)},
			"health_status": health, "weight": 1, "locality": fields{"region": "region1", "zone": "zone1"}})
	}
	text, _ := json.MarshalIndent(fields{"cluster_statuses": []any{fields{"name": cluster, "added_via_api": true, "host_statuses": hosts, "observability_name": cluster + ";"}}}, "", " ")
	return text
}

// The share of a core that five callers and fifty pods take at four looks a
// second. The other end, kubelet and Envoys, is in this process and in the figure.
func BenchmarkFiveCallersAndFiftyPods(b *testing.B) {
	cluster := "outbound|80||servicex-service.circuit-breaker.svc.cluster.local"
	answers := [][]byte{fifty(cluster, 2), fifty(cluster, 3)}
	var looks atomic.Int32
	admin := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/clusters" {
			w.Write(answers[looks.Add(1)/100%2]) // a pod goes or comes back now and then
		}
	})
	k := &kubelet{admin: map[string]http.Handler{}}
	for i := range 5 {
		name := fmt.Sprintf("caller-%d", i)
		k.admin[name] = admin
		k.pods = append(k.pods, pod(name, "True", fields{"name": "client"}, fields{"name": "istio-proxy"}))
	}
	server := httptest.NewServer(k)
	defer server.Close()
	path := b.TempDir() + "/kubeconfig"
	text := fmt.Sprintf(`{"current-context":"c","contexts":[{"name":"c","context":{"cluster":"c"}}],"clusters":[{"name":"c","cluster":{"server":%q}}]}`, server.URL)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	flags := Flags()
	*flags.KubeConfig = path
	c, err := Open(flags)
	if err != nil {
		b.Fatal(err)
	}
	all, err := c.Callers()
	if err != nil {
		b.Fatal(err)
	}
	const length = 5 * time.Second
	var used time.Duration
	for b.Loop() {
		ctx, stop := context.WithTimeout(b.Context(), length)
		session, err := callers.Start(ctx, all, callers.Scope{Target: target.Target{Service: "servicex-service", Namespace: "circuit-breaker"}}, 250*time.Millisecond)
		if err != nil {
			b.Fatal(err)
		}
		before, first := processor(b), looks.Load()
		for range session.Events() {
		}
		used += processor(b) - before
		if n := looks.Load() - first; n < 5*4*4 {
			b.Errorf("only %d looks", n)
		}
		if m := session.Matrix(); len(m.Views) != 5 || len(m.Views[0].Pods) != 50 {
			b.Errorf("got %d views: %+v", len(m.Views), m.Unread)
		}
		stop()
	}
	b.ReportMetric(100*used.Seconds()/(length.Seconds()*float64(b.N)), "%core")
}

// processor is the time of a core that this process has taken.
func processor(b *testing.B) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
