package kube

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"

	"github.com/google/go-cmp/cmp"
)

// expired is what an API server says to a version that it has forgotten.
var expired = fields{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Expired", "code": 410,
	"message": "too old resource version: 1 (7)"}

func list(version string, pods ...any) fields {
	return fields{"kind": "PodList", "apiVersion": "v1", "metadata": fields{"resourceVersion": version}, "items": pods}
}

func watching(r *http.Request) bool { return r.URL.Query().Get("watch") != "" }

func status(w http.ResponseWriter, s fields) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(s["code"].(int))
	answer(w, s)
}

func TestAPodSaysWhetherItIsReady(t *testing.T) {
	unready := server("b", "198.18.0.2")
	unready["status"].(fields)["conditions"] = []any{fields{"type": "Initialized", "status": "True"}, fields{"type": "Ready", "status": "False"}}
	unsaid := server("c", "198.18.0.3")
	unsaid["status"].(fields)["conditions"] = nil
	c := open(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, list("1", server("a", "198.18.0.1"), unready, unsaid))
	}))
	pods, err := mesh.Pods(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, p := range pods {
		got[p.Name] = p.NotReady
	}
	if diff := cmp.Diff(map[string]bool{"a": false, "b": true, "c": true}, got); diff != "" {
		t.Errorf("not ready (-want +got):\n%s", diff)
	}
}

func TestAVersionThatExpiredIsListedAgainWithoutALoss(t *testing.T) {
	for name, gone := range map[string]func(http.ResponseWriter){
		"as the answer":    func(w http.ResponseWriter) { status(w, expired) },
		"within the watch": func(w http.ResponseWriter) { answer(w, fields{"type": "ERROR", "object": expired}) },
		"behind a bookmark": func(w http.ResponseWriter) {
			answer(w, fields{"type": "BOOKMARK", "object": fields{"kind": "Pod", "apiVersion": "v1", "metadata": fields{"resourceVersion": "5"}}})
			answer(w, fields{"type": "ERROR", "object": expired})
		},
	} {
		t.Run(name, func(t *testing.T) {
			var lists, watches atomic.Int32
			c := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case !watching(r) && lists.Add(1) == 1:
					answer(w, list("1", server("a", "198.18.0.1")))
				case !watching(r):
					answer(w, list("7", server("b", "198.18.0.2")))
				case r.URL.Query().Get("resourceVersion") == "7":
					<-r.Context().Done()
				case watches.Add(1) == 1: // ends in good order
				default:
					gone(w)
				}
			}))
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var got []string
			err := c.WatchPods(ctx, func(pods []timeline.Pod) {
				if got = append(got, pods[0].Name); pods[0].Name == "b" {
					stop()
				}
			})
			if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" || !errors.Is(err, context.Canceled) {
				t.Errorf("lists (-want +got):\n%s; error %v, want the context's", diff, err)
			}
		})
	}
}

func TestAListThatExpiresAtOnceIsALoss(t *testing.T) {
	c := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if watching(r) {
			status(w, expired)
			return
		}
		answer(w, list("1"))
	}))
	if err := c.WatchPods(t.Context(), func([]timeline.Pod) {}); err == nil {
		t.Error("got no error, want the API server's")
	}
}

func TestWhatIsNotAllowedNamesTheRight(t *testing.T) {
	forbid := fields{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403,
		"message": `pods is forbidden: User "eve" cannot watch resource "pods"`}
	c := func(allowed func(*http.Request) bool) *Cluster {
		return open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if allowed(r) {
				answer(w, list("1"))
				return
			}
			status(w, forbid)
		}))
	}
	none := func(*http.Request) bool { return false }
	for name, tt := range map[string]struct {
		ask  func() error
		want string
	}{
		"listing": {func() error { return c(none).WatchPods(t.Context(), func([]timeline.Pod) {}) }, "list on pods"},
		"watching": {func() error {
			return c(func(r *http.Request) bool { return !watching(r) }).WatchPods(t.Context(), func([]timeline.Pod) {})
		}, "watch on pods"},
		"the client":   {func() error { _, err := c(none).Client(t.Context()); return err }, "list on pods"},
		"the log":      {func() error { return c(none).SidecarLog(t.Context(), mesh.Client{Pod: "p"}, 0, func([]byte) {}) }, "get on pods/log"},
		"port-forward": {func() error { _, err := c(none).Admin(t.Context(), mesh.Client{Pod: "p"}, "/"); return err }, "create on pods/portforward"},
		"the load": {func() error {
			return c(none).Send(t.Context(), mesh.Client{Pod: "p"}, mesh.Load{}, nil)
		}, "create on pods/exec"},
	} {
		t.Run(name, func(t *testing.T) {
			err := tt.ask()
			if want := "ask for the verb " + tt.want + ":"; !errors.Is(err, mesh.ErrRefused) || len(hint.Of(err)) < len(want) || hint.Of(err)[:len(want)] != want {
				t.Errorf("got %v with hint %q, want %v and %q", err, hint.Of(err), mesh.ErrRefused, want)
			}
		})
	}
}
