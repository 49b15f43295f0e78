package config_test

import (
	"testing"

	"istio-circuit-breaker/internal/config"

	"github.com/google/go-cmp/cmp"
)

func TestSettingsOfAProjectWithAnotherName(t *testing.T) {
	for name, c := range map[string]struct{ raw, want map[string]string }{
		"are ours":             {map[string]string{"mine:namespace": "demo"}, map[string]string{config.Project + ":namespace": "demo"}},
		"win over ours":        {map[string]string{"mine:namespace": "demo", config.Project + ":namespace": "other"}, map[string]string{config.Project + ":namespace": "demo"}},
		"leave ours":           {map[string]string{config.Project + ":namespace": "demo"}, map[string]string{config.Project + ":namespace": "demo"}},
		"leave the providers'": {map[string]string{"kubernetes:context": "kind"}, map[string]string{"kubernetes:context": "kind"}},
		"are not another's":    {map[string]string{"mine2:namespace": "demo"}, map[string]string{"mine2:namespace": "demo"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, config.Renamed(c.raw, "mine")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	secret := config.RenamedKeys([]string{"mine:istio.values", "kubernetes:kubeconfig"}, "mine")
	if diff := cmp.Diff([]string{config.Project + ":istio.values", "kubernetes:kubeconfig"}, secret); diff != "" {
		t.Errorf("secret keys (-want +got):\n%s", diff)
	}
}

func TestStackFileOfAProjectWithAnotherName(t *testing.T) {
	name, err := config.ProjectName([]byte("name: mine\nruntime: go\n"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := config.FromStackFile([]byte(`config:
  istio-circuit-breaker:outlier.consecutiveErrors: 10
  mine:outlier.consecutiveErrors: "3"
  mine:image.pullSecret.username: you
  mine:image.pullSecret.password:
    secure: AAAB`), name)
	if diff := cmp.Diff(map[string]string{config.Project + ":outlier.consecutiveErrors": "3"}, raw); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
