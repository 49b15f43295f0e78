package kube

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/mesh"
)

// kubeconfig writes one with a context, named like its cluster and user.
func kubeconfig(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	text := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":%[1]q,"contexts":[{"name":%[1]q,"context":{"cluster":%[1]q,"user":%[1]q,"namespace":"of-the-context"}}],
"clusters":[{"name":%[1]q,"cluster":{"server":"https://%[1]s.example"}}],"users":[{"name":%[1]q,"user":{"token":%[1]q}}]}`, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// As kubectl takes them: --kubeconfig alone, else all files of KUBECONFIG, of
// which the first that has a current context decides.
func TestTheClusterIsChosenAsKubectlDoes(t *testing.T) {
	one, two := kubeconfig(t, "one"), kubeconfig(t, "two")
	tests := []struct {
		name, env                         string
		args                              []string
		context, namespace, server, token string
	}{
		{"the first of KUBECONFIG", one + string(filepath.ListSeparator) + two, nil, "one", mesh.Namespace, "https://one.example", "one"},
		{"another context of them", one + string(filepath.ListSeparator) + two, []string{"--context", "two"}, "two", mesh.Namespace, "https://two.example", "two"},
		{"a file that is named", one, []string{"--kubeconfig", two}, "two", mesh.Namespace, "https://two.example", "two"},
		{"a namespace", one, []string{"-n", "shop"}, "one", "shop", "https://one.example", "one"},
		{"no namespace is the stack's", one, []string{"--namespace", ""}, "one", mesh.Namespace, "https://one.example", "one"},
		{"parts of it", one + string(filepath.ListSeparator) + two, []string{"--cluster", "two", "--token", "mine"}, "one", mesh.Namespace, "https://two.example", "mine"},
		{"a server alone", "", []string{"--server", "https://three.example"}, "", mesh.Namespace, "https://three.example", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("KUBECONFIG", tt.env)
			t.Setenv("HOME", t.TempDir())
			c, err := Open(parsed(t, tt.args...))
			if err != nil {
				t.Fatal(err)
			}
			context, namespace := c.Where()
			if context != tt.context || namespace != tt.namespace || c.config.Host != tt.server || c.config.BearerToken != tt.token {
				t.Errorf("got context %q, namespace %q, server %q, token %q", context, namespace, c.config.Host, c.config.BearerToken)
			}
		})
	}
}

func TestNoConfigurationIsNotAServerOnThisMachine(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	_, err := Open(parsed(t))
	if err == nil || err.Error() != "reading the kubeconfig: no cluster is configured" || !strings.Contains(hint.Of(err), "KUBECONFIG or --context") {
		t.Errorf("got %v with hint %q", err, hint.Of(err))
	}
	t.Setenv("KUBECONFIG", kubeconfig(t, "one"))
	if _, err := Open(parsed(t, "--context", "two")); err == nil || hint.Of(err) == "" {
		t.Errorf("a context that is not there: got %v with hint %q", err, hint.Of(err))
	}
}

func TestSomebodyElseIsImpersonated(t *testing.T) {
	c := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, groups := r.Header.Get("Impersonate-User"), r.Header.Values("Impersonate-Group"); user != "me" || !slices.Equal(groups, []string{"a", "b"}) {
			t.Errorf("got user %q of groups %q", user, groups)
		}
		answer(w, fields{"items": []any{}})
	}), "--as", "me", "--as-group", "a", "--as-group", "b")
	if _, err := c.Client(t.Context()); !errors.Is(err, mesh.ErrNoClient) {
		t.Errorf("got %v", err)
	}
}

// It is for single requests, and a log is followed as long as the run takes.
func TestATimeoutOfRequestsCutsNoLog(t *testing.T) {
	const limit = 100 * time.Millisecond
	c := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/log") {
			<-r.Context().Done()
			return
		}
		io.WriteString(w, "one\n")
		w.(http.Flusher).Flush()
		time.Sleep(5 * limit)
		io.WriteString(w, "two\n")
	}), "--request-timeout", limit.String())
	var got []string
	err := c.SidecarLog(t.Context(), mesh.Client{Pod: "p"}, 0, func(line []byte) { got = append(got, string(line)) })
	if want := []string{"", "one", "two"}; !slices.Equal(got, want) || !errors.Is(err, errLogEnded) {
		t.Errorf("lines: got %q and %v, want %q", got, err, want)
	}
	if _, err := c.Client(t.Context()); err == nil || !strings.Contains(err.Error(), "exceeded") {
		t.Errorf("a single request: got %v, want that it took too long", err)
	}
}
