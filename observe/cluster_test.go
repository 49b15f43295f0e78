package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/mesh/kube"
)

// clusterOf writes the kubeconfig of a cluster whose API server is a handler.
func clusterOf(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{"current-context":"c","contexts":[{"name":"c","context":{"cluster":"c"}}],"clusters":[{"name":"c","cluster":{"server":%q}}]}`, server.URL)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNamespacesOfTheClusterAreOffered(t *testing.T) {
	t.Setenv("KUBECONFIG", clusterOf(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"items":[{"metadata":{"name":"shop"}},{"metadata":{"name":"default"}}]}`)
	}))
	if got := namesOf(t.Context(), kube.Flags(), time.Minute, kube.Namespaces); !slices.Equal(got, []string{"shop", "default"}) {
		t.Errorf("got %q", got)
	}
}

func TestServicesOfTheClusterAreOffered(t *testing.T) {
	path := clusterOf(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/api/v1/services" {
			fmt.Fprint(w, `{"items":[{"metadata":{"name":"cart","namespace":"shop"}},{"metadata":{"name":"web","namespace":"front"}}]}`)
		}
	})
	for _, command := range []string{"watch", "export", "explain"} {
		var stdout strings.Builder
		err := newCall(observe, &stdout, io.Discard).run(t.Context(), []string{"__complete", command, "--kubeconfig", path, "--service", "ca"})
		if err != nil || stdout.String() != "cart.shop\n:4\n" {
			t.Errorf("%s: got %v and %q", command, err, stdout.String())
		}
	}
}

// Whoever types is neither kept waiting nor told.
func TestAClusterThatHangsOffersNothing(t *testing.T) {
	path := clusterOf(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	var stdout strings.Builder
	err := newCall(observe, &stdout, io.Discard).run(t.Context(), []string{"__complete", "watch", "--kubeconfig", path, "-n", ""})
	if err != nil || stdout.String() != ":4\n" {
		t.Errorf("got %v and %q", err, stdout.String())
	}
}
