package kube

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNamesOfAKubeconfigAreListed(t *testing.T) {
	t.Setenv("KUBECONFIG", kubeconfig(t, "two")+":"+kubeconfig(t, "one"))
	got, err := NamesIn(parsed(t))
	if err != nil {
		t.Fatal(err)
	}
	both := []string{"one", "two"}
	if diff := cmp.Diff(Names{Contexts: both, Clusters: both, Users: both}, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if _, err := NamesIn(parsed(t, "--kubeconfig", t.TempDir()+"/none")); err == nil {
		t.Error("no error for a file that is not there")
	}
}

func TestNamespacesAreListed(t *testing.T) {
	refuse := false
	flags := flagsOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refuse || r.URL.Path != "/api/v1/namespaces" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		answer(w, fields{"items": []any{fields{"metadata": fields{"name": "default"}}, fields{"metadata": fields{"name": "shop"}}}})
	}))
	if got, err := Namespaces(t.Context(), flags); err != nil || !slices.Equal(got, []string{"default", "shop"}) {
		t.Errorf("got %q, %v", got, err)
	}
	refuse = true
	if _, err := Namespaces(t.Context(), flags); err == nil || !strings.HasPrefix(err.Error(), "listing namespaces: ") {
		t.Errorf("got %v, want that it is refused", err)
	}
}
