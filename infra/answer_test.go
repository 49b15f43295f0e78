package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/config"
)

// steps are what each of a real API server's answers (testdata/apiserver, named
// after its HTTP code) leads to; empty where its own words are all there is.
var steps = map[string]string{
	"401-unauthorized.json":     "log in to the cluster again",
	"403-forbidden.json":        "ask who runs the cluster for the right that is named",
	"403-pod-security.json":     "a quota or a policy of the namespace",
	"403-quota.json":            "a quota or a policy of the namespace",
	"403-terminating-pods.json": "wait until the namespace is gone",
	"404-no-such-path.json":     "the server in the kubeconfig is no Kubernetes API server",
	"422-invalid.json":          "",
	"500-webhook.json":          "the webhook that is named does not answer",
	"503-unavailable.json":      "the cluster is in trouble, not the stack",
}

// harmful reports whether a hint would have the next update delete something.
func harmful(text string) bool {
	return strings.Contains(text, "istio.install") || strings.Contains(text, "namespaceExists")
}

func TestEachAnswerOfAnAPIServerHasItsOwnNextStep(t *testing.T) {
	files, err := filepath.Glob("testdata/apiserver/*.json")
	if err != nil || len(files) != len(steps)+1 {
		t.Fatalf("%d captured answers (%v), %d expected", len(files), err, len(steps)+1)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			code, err := strconv.Atoi(name[:3])
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(code)
				_, _ = w.Write(text)
			}))
			defer server.Close()
			seen := sighting{namespaces: map[string]object{}}
			err = seen.lookForNamespace(t.Context(), &cluster{client: server.Client(), server: server.URL}, "demo")
			if name == "404-not-found.json" {
				if err != nil || len(seen.namespaces) > 0 {
					t.Errorf("a namespace that is not there: %v, %v", seen.namespaces, err)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), `looking for namespace "demo": the API server answered `+name[:3]+": ") {
				t.Fatalf("looking: %v", err)
			}
			_, hint, hinted := strings.Cut(err.Error(), "\nhint: ")
			if hinted != (steps[name] != "") || !strings.HasPrefix(hint, steps[name]) || harmful(hint) {
				t.Errorf("hint %q, want %q", hint, steps[name])
			}
		})
	}
}

func TestEachWayToNoAPIServerHasItsOwnNextStep(t *testing.T) {
	encrypted := httptest.NewTLSServer(http.NotFoundHandler())
	defer encrypted.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	const anyone = "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\n"
	for name, c := range map[string]struct{ server, user, want string }{
		"nobody listens":                  {gone.URL, "{token: t}", "is the cluster up, and is it the one that is meant?"},
		"a certificate of somebody else":  {encrypted.URL, "{token: t}", "the cluster's certificate is not the one that the kubeconfig expects"},
		"no encryption":                   {strings.Replace(plain.URL, "http:", "https:", 1), "{token: t}", "the server in the kubeconfig speaks http, not https"},
		"another server than Kubernetes'": {plain.URL, "{token: t}", "the server in the kubeconfig is no Kubernetes API server"},
		"a command for credentials that is not there": {encrypted.URL,
			"{exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-command, interactiveMode: Never}}", "the command that the kubeconfig runs for credentials has failed"},
	} {
		t.Run(name, func(t *testing.T) {
			server, err := connect(map[string]string{"kubernetes:kubeconfig": anyone +
				"clusters: [{name: c, cluster: {server: \"" + c.server + "\"}}]\nusers: [{name: u, user: " + c.user + "}]\n"})
			if err != nil {
				t.Fatal(err)
			}
			cfg := config.Config{Namespace: config.Namespace{Name: "demo"}, Istio: config.Istio{Install: true}}
			_, err = sight(t.Context(), server, cfg)
			if err == nil || strings.Count(err.Error(), "\nhint: "+c.want) != 1 || harmful(err.Error()) {
				t.Errorf("looking: %v\nwant the hint %q", err, c.want)
			}
		})
	}
}
