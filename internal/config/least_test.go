package config_test

import (
	"errors"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/config"
)

func TestOldestVersions(t *testing.T) {
	for name, c := range map[string]struct {
		least    config.Least
		version  string
		accepted bool
	}{
		"a release":                       {config.LeastKubernetes, "v1.36.3", true},
		"the least itself":                {config.LeastKubernetes, "v1.23.0", true},
		"GKE's suffix":                    {config.LeastKubernetes, "v1.22.17-gke.3100", false},
		"k3s's suffix":                    {config.LeastKubernetes, "v1.22.4+k3s1", false},
		"EKS's suffix":                    {config.LeastKubernetes, "v1.30.4-eks-036c24b", true},
		"an older major one":              {config.LeastKubernetes, "v0.99.0", false},
		"a newer major one":               {config.LeastKubernetes, "v2.0.0", true},
		"nothing":                         {config.LeastKubernetes, "", true},
		"no number":                       {config.LeastMesh, "latest", true},
		"a revision's name":               {config.LeastMesh, "asm-1-20", true},
		"an image's tag":                  {config.LeastMesh, "1.21.6-distroless", false},
		"charts before the least":         {config.LeastCharts, "1.23.9", false},
		"a candidate of the least":        {config.LeastCharts, "1.24.0-rc.1", true},
		"charts of a repository's source": {config.LeastCharts, "1.0.0", true},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.least.Check(c.version)
			if (err == nil) != c.accepted {
				t.Errorf("%s: %v", c.version, err)
			}
			if err != nil && !strings.Contains(err.Error(), c.version+" is too old: "+c.least.String()+" is the least, because ") {
				t.Errorf("says %q", err)
			}
		})
	}
}

func TestChartsOfThatAge(t *testing.T) {
	for name, c := range map[string]struct {
		settings map[string]string
		refused  bool
	}{
		"too old":                       {map[string]string{"istio.version": "1.23.6"}, true},
		"not too old":                   {map[string]string{"istio.version": "1.24.0"}, false},
		"where nothing is installed":    {map[string]string{"istio.version": "1.23.6", "istio.install": "false"}, false},
		"where a folder has its own":    {map[string]string{"istio.version": "1.23.6", "istio.chartRepository": "charts"}, false},
		"of a registry, and no version": {map[string]string{"istio.version": "x", "istio.chartRepository": "oci://a.example/charts"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			raw := map[string]string{}
			for k, v := range c.settings {
				raw[config.Project+":"+k] = v
			}
			_, err := config.Parse(raw)
			p, refused := errors.AsType[*config.Problem](err)
			if refused != c.refused || refused && p.Key != config.Project+":istio.version" {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestWhatIstioSupportsIsToldApart(t *testing.T) {
	const told = "Istio 1.31.4 is supported on Kubernetes 1.32 and newer; on v1.30.1 it may work, and nobody has promised that"
	for versions, want := range map[[2]string]string{
		{"1.31.4", "v1.30.1"}: told,
		{"1.31.4", "v1.32.0"}: "",
		{"1.30.9", "v1.30.1"}: "", // of older charts it is not written down here
		{"1.31.4", ""}:        "",
	} {
		if got := config.Unsupported(versions[0], versions[1]); got != want {
			t.Errorf("%v: %q, want %q", versions, got, want)
		}
	}
}
