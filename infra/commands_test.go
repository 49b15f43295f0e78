package main

import (
	"os/exec"
	"testing"

	"istio-circuit-breaker/internal/config"
	observed "istio-circuit-breaker/internal/mesh"
)

func TestCommandsNameClusterAndNamespaceWhereTheyHaveTo(t *testing.T) {
	for name, c := range map[string]struct {
		settings settings
		secret   []string
		verify   string
		pods     string
	}{
		"nothing by default": {nil, nil,
			"go run ./observe verify", "kubectl --namespace circuit-breaker get pods"},
		"another namespace": {settings{"namespace": "demo"}, nil,
			"go run ./observe verify --namespace demo", "kubectl --namespace demo get pods"},
		"a context": {settings{"kubernetes:context": "arn:aws:eks:eu-west-1:1:cluster/x"}, nil,
			"go run ./observe verify --context arn:aws:eks:eu-west-1:1:cluster/x", "kubectl --context arn:aws:eks:eu-west-1:1:cluster/x --namespace circuit-breaker get pods"},
		"a context that a shell would read": {settings{"kubernetes:context": "it's mine"}, nil,
			`go run ./observe verify --context 'it'\''s mine'`, `kubectl --context 'it'\''s mine' --namespace circuit-breaker get pods`},
		"a kubeconfig in the home folder": {settings{"kubernetes:kubeconfig": "~/my config"}, nil,
			"go run ./observe verify --kubeconfig ~/'my config'", "kubectl --kubeconfig ~/'my config' --namespace circuit-breaker get pods"},
		"a kubeconfig beside the project file": {settings{"kubernetes:kubeconfig": "../kubeconfig"}, nil,
			"go run ./observe verify --kubeconfig kubeconfig", "kubectl --kubeconfig kubeconfig --namespace circuit-breaker get pods"},
		"no kubeconfig's content": {settings{"kubernetes:kubeconfig": `{"kind":"Config"}`}, nil,
			"go run ./observe verify", "kubectl --namespace circuit-breaker get pods"},
		"nothing that is secret": {settings{"kubernetes:kubeconfig": "/run/secret", "kubernetes:context": "b"},
			[]string{"kubernetes:kubeconfig", "kubernetes:context"},
			"go run ./observe verify", "kubectl --namespace circuit-breaker get pods"},
	} {
		t.Run(name, func(t *testing.T) {
			p := program{raw: c.settings.raw(), secret: c.secret}
			cfg, err := config.Parse(p.raw)
			if err != nil {
				t.Fatal(err)
			}
			got := p.commands(cfg, stack)
			if got["verify"] != c.verify || got["pods"] != c.pods {
				t.Errorf("got %q and %q, want %q and %q", got["verify"], got["pods"], c.verify, c.pods)
			}
		})
	}
}

func TestWordsComeBackFromAShell(t *testing.T) {
	for _, word := range []string{"plain", "with space", "it's", "$HOME", "a;b", "`id`", `back\slash`, "#", "~user"} {
		out, err := exec.Command("sh", "-c", "printf %s "+shellWord(word)).Output()
		if err != nil || string(out) != word {
			t.Errorf("%q came back as %q, %v", word, out, err)
		}
	}
}

func TestObserveLooksAtTheDefaultNamespaceByItself(t *testing.T) {
	if config.DefaultNamespace != observed.Namespace {
		t.Errorf("the stack's namespace is %q, observe's %q", config.DefaultNamespace, observed.Namespace)
	}
}
