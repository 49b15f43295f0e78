package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// kubeconfig knows two clusters; "one" is current.
const kubeconfig = `apiVersion: v1
kind: Config
current-context: one
clusters:
- {name: one, cluster: {server: "http://one.example:6443"}}
- {name: two, cluster: {server: "https://two.example:6443/k8s"}}
contexts:
- {name: one, context: {cluster: one, user: me}}
- {name: two, context: {cluster: two, user: me}}
users:
- {name: me, user: {token: t}}
`

func TestClusterIsChosenAsByTheProvider(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(kubeconfig), 0o600); err != nil {
		t.Fatal(err)
	}
	home := filepath.Dir(file)
	for name, c := range map[string]struct {
		raw  map[string]string
		env  string
		want string
	}{
		"the current context":              {nil, file, "http://one.example:6443"},
		"another context":                  {map[string]string{"kubernetes:context": "two"}, file, "https://two.example:6443/k8s"},
		"another cluster":                  {map[string]string{"kubernetes:cluster": "two"}, file, "https://two.example:6443/k8s"},
		"a file":                           {map[string]string{"kubernetes:kubeconfig": file}, "", "http://one.example:6443"},
		"a file below the home folder":     {map[string]string{"kubernetes:kubeconfig": "~/config"}, "", "http://one.example:6443"},
		"a kubeconfig as text":             {map[string]string{"kubernetes:kubeconfig": kubeconfig}, "", "http://one.example:6443"},
		"a kubeconfig as text and context": {map[string]string{"kubernetes:kubeconfig": kubeconfig, "kubernetes:context": "two"}, "", "https://two.example:6443/k8s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KUBECONFIG", c.env)
			t.Setenv("HOME", home)
			got, err := connect(c.raw)
			if err != nil {
				t.Fatalf("connecting: %v", err)
			}
			if got.server != c.want {
				t.Errorf("server %q, want %q", got.server, c.want)
			}
		})
	}
}

func TestClusterThatCannotBeFound(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("HOME", t.TempDir())
	for name, raw := range map[string]map[string]string{
		"an unknown context": {"kubernetes:kubeconfig": kubeconfig, "kubernetes:context": "three"},
		"no file":            {"kubernetes:kubeconfig": "/no/such/file"},
	} {
		_, err := connect(raw)
		if err == nil || !strings.HasPrefix(err.Error(), "finding the cluster: ") || !strings.Contains(err.Error(), "\nhint: kubectl config get-contexts") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := connect(map[string]string{"kubernetes:kubeconfig": "{"}); err == nil || !strings.HasPrefix(err.Error(), "reading the content of kubernetes:kubeconfig: ") {
		t.Errorf("half a kubeconfig: %v", err)
	}
}
