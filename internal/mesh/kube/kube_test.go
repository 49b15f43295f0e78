package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// open is a Cluster whose API server is a handler.
func open(t *testing.T, handler http.Handler, args ...string) *Cluster {
	t.Helper()
	c, err := Open(flagsOf(t, handler, args...))
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return c
}

// flagsOf choose a cluster whose API server is a handler.
func flagsOf(t *testing.T, handler http.Handler, args ...string) *genericclioptions.ConfigFlags {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"test","contexts":[{"name":"test","context":{"cluster":"c","user":"u"}}],
"clusters":[{"name":"c","cluster":{"server":%q}}],"users":[{"name":"u","user":{}}]}`, server.URL)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return parsed(t, append(args, "--kubeconfig", path)...)
}

// parsed are the flags of a command line.
func parsed(t *testing.T, args ...string) *genericclioptions.ConfigFlags {
	t.Helper()
	flags, set := Flags(), pflag.NewFlagSet("test", pflag.ContinueOnError)
	flags.AddFlags(set)
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	return flags
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

type fields = map[string]any

func pod(name, ready string, containers ...any) fields {
	return fields{"metadata": fields{"name": name, "namespace": "circuit-breaker", "uid": name + "-uid"}, "spec": fields{"containers": containers},
		"status": fields{"phase": "Running", "conditions": []any{fields{"type": "Ready", "status": ready}}}}
}

func TestTheClientPodIsFoundOrItsLackNamed(t *testing.T) {
	app, proxy := fields{"name": "client"}, fields{"name": "istio-proxy"}
	native := pod("native", "True", app)
	native["spec"].(fields)["initContainers"] = []any{fields{"name": "istio-init"}, proxy}
	going := pod("going", "True", app, proxy)
	going["metadata"].(fields)["deletionTimestamp"] = "2026-11-24T10:00:00Z"
	tests := []struct {
		name string
		pods []any
		want string
		err  error
		hint string
	}{
		{"a ready pod with a sidecar", []any{pod("good", "True", app, proxy)}, "good", nil, ""},
		{"a native sidecar", []any{native}, "native", nil, ""},
		{"no pod", nil, "", mesh.ErrNoClient, "bring the stack up with `pulumi up`"},
		{"only one that is going", []any{going}, "", mesh.ErrNoClient, "bring the stack up"},
		{"no sidecar", []any{pod("bare", "True", app)}, "", mesh.ErrNoSidecar, "run `kubectl -n circuit-breaker rollout restart deployment servicex-client`"},
		{"not ready", []any{pod("slow", "False", app, proxy)}, "", mesh.ErrNotReady, "run `kubectl -n circuit-breaker describe pod slow`"},
		{"the next of one that is going", []any{going, pod("next", "True", app, proxy)}, "next", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if got := r.URL.Query().Get("labelSelector"); got != "app=servicex-client" {
					t.Errorf("selector: got %q", got)
				}
				answer(w, fields{"kind": "PodList", "apiVersion": "v1", "items": tt.pods})
			}))
			got, err := c.Client(t.Context())
			if got.Pod != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("Client() = %q, %v, want %q, %v", got.Pod, err, tt.want, tt.err)
			}
			if !strings.HasPrefix(hint.Of(err), tt.hint) {
				t.Errorf("hint: got %q, want %q", hint.Of(err), tt.hint)
			}
		})
	}
}

const spec = `{"host":"h","trafficPolicy":{"loadBalancer":{"simple":"ROUND_ROBIN"},"outlierDetection":{"consecutiveGatewayErrors":10,"consecutive5xxErrors":0,"interval":"1s","baseEjectionTime":"30s","maxEjectionPercent":50}}}`

func destinationRule(managers string) string {
	return `{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"servicex-service","namespace":"circuit-breaker",
"labels":{"app.kubernetes.io/part-of":"istio-circuit-breaker"},"annotations":{"note":"kept"},"managedFields":[` + managers + `]},"spec":` + spec + `}`
}

func TestTheRuleIsReadAsItStands(t *testing.T) {
	c := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if want := "/apis/networking.istio.io/v1/namespaces/circuit-breaker/destinationrules/servicex-service"; r.URL.Path != want {
			t.Errorf("path: got %q, want %q", r.URL.Path, want)
		}
		io.WriteString(w, destinationRule(""))
	}))
	got, err := c.Rule(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := breaker.Rule{Enabled: true, ConsecutiveGatewayErrors: new(uint32(10)), Consecutive5xxErrors: new(uint32(0)),
		BaseEjectionTime: 30 * time.Second, Interval: time.Second, MaxEjectionPercent: 50, Balancer: "ROUND_ROBIN"}
	if diff := cmp.Diff(want, got.Rule); diff != "" || !got.Managed || string(got.Spec) != spec {
		t.Errorf("Rule() = managed %t, spec %s, (-want +got):\n%s", got.Managed, got.Spec, diff)
	}
}

func TestAMissingRuleIsNamed(t *testing.T) {
	c := open(t, http.NotFoundHandler())
	if _, err := c.Rule(t.Context()); !errors.Is(err, mesh.ErrNoRule) || hint.Of(err) == "" {
		t.Errorf("got %v with hint %q, want %v and a hint", err, hint.Of(err), mesh.ErrNoRule)
	}
}

func TestTheRuleIsWrittenInItsOwnersName(t *testing.T) {
	tests := []struct {
		name, managers, kind, manager, body string
	}{
		{"applied by Pulumi", `{"manager":"pulumi-kubernetes-1a2b","operation":"Apply"},{"manager":"pilot-discovery","operation":"Update"}`,
			"application/apply-patch+yaml", "pulumi-kubernetes-1a2b",
			`{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"annotations":{"note":"kept"},"labels":{"app.kubernetes.io/part-of":"istio-circuit-breaker"},"name":"servicex-service","namespace":"circuit-breaker"},"spec":{"host":"new"}}`},
		{"created by anybody", `{"manager":"kubectl-create","operation":"Update"}`,
			"application/json-patch+json", "observe", `[{"op":"replace","path":"/spec","value":{"host":"new"}}]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			written := false
			c := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPatch {
					body, _ := io.ReadAll(r.Body)
					if got := r.Header.Get("Content-Type"); got != tt.kind {
						t.Errorf("kind: got %q, want %q", got, tt.kind)
					}
					if got := r.URL.Query().Get("fieldManager"); got != tt.manager {
						t.Errorf("manager: got %q, want %q", got, tt.manager)
					}
					if string(body) != tt.body {
						t.Errorf("body: got\n%s\nwant\n%s", body, tt.body)
					}
					written = true
				}
				io.WriteString(w, destinationRule(tt.managers))
			}))
			if err := c.SetRule(t.Context(), json.RawMessage(`{"host":"new"}`)); err != nil || !written {
				t.Errorf("SetRule() = %v, written %t", err, written)
			}
		})
	}
}

func server(name, ip string) fields {
	p := pod(name, "True", fields{"name": "istio-proxy", "ports": []any{fields{"name": "http-envoy-prom", "containerPort": 15090}}},
		fields{"name": "servicex", "ports": []any{fields{"name": "http", "containerPort": 8080}}})
	p["metadata"].(fields)["labels"] = fields{"version": "504"}
	p["status"].(fields)["podIP"] = ip
	return p
}

func TestPodsAreListedAgainAfterEachChange(t *testing.T) {
	going := server("b", "198.18.0.2")
	going["metadata"].(fields)["deletionTimestamp"] = "2026-11-24T10:00:00Z"
	done := make(chan struct{})
	c := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("watch") == "" {
			answer(w, fields{"kind": "PodList", "apiVersion": "v1", "metadata": fields{"resourceVersion": "1"}, "items": []any{server("b", "198.18.0.2"), server("a", "198.18.0.1"), server("new", "")}})
			return
		}
		for _, change := range []fields{{"type": "MODIFIED", "object": going}, {"type": "DELETED", "object": going}} {
			change["object"].(fields)["kind"], change["object"].(fields)["apiVersion"] = "Pod", "v1"
			answer(w, change)
			w.(http.Flusher).Flush()
		}
		select {
		case <-done:
		case <-r.Context().Done():
		}
	}))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var got [][]timeline.Pod
	c.WatchPods(ctx, func(pods []timeline.Pod) {
		if got = append(got, pods); len(got) == 3 {
			close(done)
			stop()
		}
	})
	a := timeline.Pod{Name: "a", Version: "504", Address: "198.18.0.1:8080", State: timeline.Unknown}
	b := timeline.Pod{Name: "b", Version: "504", Address: "198.18.0.2:8080", State: timeline.Unknown}
	leaving := b
	leaving.State = timeline.Terminating
	if diff := cmp.Diff([][]timeline.Pod{{a, b}, {a, leaving}, {a}}, got); diff != "" {
		t.Errorf("lists (-want +got):\n%s", diff)
	}
}

func TestTheLogIsFollowedByAge(t *testing.T) {
	tests := []struct {
		back time.Duration
		want string
	}{{0, "container=istio-proxy&follow=true&tailLines=0"}, {1500 * time.Millisecond, "container=istio-proxy&follow=true&sinceSeconds=2"}}
	for _, tt := range tests {
		c := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RawQuery != tt.want {
				t.Errorf("query: got %q, want %q", r.URL.RawQuery, tt.want)
			}
			io.WriteString(w, "one\ntwo\n")
		}))
		var got []string
		err := c.SidecarLog(t.Context(), mesh.Client{Pod: "p"}, tt.back, func(line []byte) { got = append(got, string(line)) })
		if diff := cmp.Diff([]string{"", "one", "two"}, got); diff != "" || !errors.Is(err, errLogEnded) {
			t.Errorf("lines (-want +got):\n%s; error %v, want %v", diff, err, errLogEnded)
		}
	}
}

func TestOutputIsCutIntoLinesWhereverItIsTorn(t *testing.T) {
	var got []string
	l := &lines{take: func(line []byte) error { got = append(got, string(line)); return nil }}
	for _, part := range []string{"a", "b\nc", "\n\nde", "f\n", "rest"} {
		if n, err := l.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatalf("Write(%q) = %d, %v", part, n, err)
		}
	}
	if diff := cmp.Diff([]string{"ab", "c", "", "def"}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestAMissingKubeconfigHasAHint(t *testing.T) {
	_, err := Open(parsed(t, "--kubeconfig", filepath.Join(t.TempDir(), "none")))
	if err == nil || !strings.Contains(hint.Of(err), "go run ./lab exec") {
		t.Errorf("got %v with hint %q", err, hint.Of(err))
	}
}

// Over HTTPS: without it client-go leaves the user out.
func TestAKubeconfigOfAnIdentityProviderIsTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := `{"apiVersion":"v1","kind":"Config","current-context":"test","contexts":[{"name":"test","context":{"cluster":"c","user":"u"}}],
"clusters":[{"name":"c","cluster":{"server":"https://198.18.0.1"}}],
"users":[{"name":"u","user":{"auth-provider":{"name":"oidc","config":{"idp-issuer-url":"https://issuer.example","client-id":"observe","id-token":"x"}}}}]}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(parsed(t, "--kubeconfig", path)); err != nil {
		t.Errorf("Open: %v", err)
	}
}
