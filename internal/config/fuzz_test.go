package config_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"istio-circuit-breaker/internal/config"

	"github.com/distribution/reference"
	"k8s.io/apimachinery/pkg/util/validation"
)

// FuzzParse feeds any configuration: it never panics, refuses with problems
// that say what they are about, and what it accepts ejects at least one pod.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"istio-circuit-breaker:image.repository":"you/servicex"}`,
		`{"istio-circuit-breaker:image.reference":"a@sha256:b","istio-circuit-breaker:outlier":"{\"interval\":\"1s\"}"}`,
		`{"istio-circuit-breaker:image.repository":"a","istio-circuit-breaker:outlier.maxEjectionPercent":"49"}`,
		`{"istio-circuit-breaker:image":"{\"repository\":\"a\"}","istio-circuit-breaker:replicas":"{\"faulty\":50,\"healthy\":null}"}`,
		`{"istio-circuit-breaker:istio.values":"{\"global\":{\"proxy\":[]},\"pilot\":{\"revision\":{}},\"meshConfig\":{\"discoverySelectors\":[{\"matchLabels\":{\"a\":\"b\"}},null]}}"}`,
		`{"istio-circuit-breaker:istio.values":"{\"a\":[1e999]}","istio-circuit-breaker:":"","istio-circuit-breaker:.":"{}"}`,
		`{"istio-circuit-breaker:image":"{\"pullSecret\":{\"username\":\"a\",\"password\":\"b\"}}","istio-circuit-breaker:image.pullSecret.server":"https://index.docker.io/v1/"}`,
		`{"istio-circuit-breaker:outlier.baseEjectionTime":"9223372036854775807ns","kubernetes:context":"x"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var raw map[string]string
		if json.Unmarshal([]byte(text), &raw) != nil {
			return
		}
		c, err := config.Parse(raw, config.Project+":image", config.Project+":image.pullSecret.password")
		if err != nil {
			var p *config.Problem
			if !errors.As(err, &p) || p.Key == "" || p.Reason == "" {
				t.Errorf("refused without a problem that can be read: %v", err)
			}
			return
		}
		o := c.Outlier
		if o.Enabled && (o.ConsecutiveErrors < 1 || config.Ejectable(o.MaxEjectionPercent, c.Replicas.Total()) < 1 || c.Replicas.Faulty < 1) {
			t.Errorf("accepted a rule that never ejects: %+v, %+v", o, c.Replicas)
		}
		if p := c.PullSecret; (p.Username == "") != (p.Password == "") || p.Name != "" && p.Made() {
			t.Errorf("accepted half a pull secret, or two: %+v", p)
		}
		for _, d := range []time.Duration{o.BaseEjectionTime, o.Interval} {
			if d < time.Millisecond || d%time.Millisecond != 0 {
				t.Errorf("accepted %s, which Istio refuses", d)
			}
		}
	})
}

// accepts reports whether a value of one setting is taken, beside an image.
func accepts(key, value string) bool {
	_, err := config.Parse(map[string]string{
		"istio-circuit-breaker:image.repository": "you/servicex",
		"istio-circuit-breaker:istio.install":    "false", // a revision is for a mesh that is there
		"istio-circuit-breaker:" + key:           value,
	})
	return err == nil
}

// FuzzImageNames feeds any text as every setting that names an image: what is
// taken, and no more than that, is what Docker and the kubelet take.
func FuzzImageNames(f *testing.F) {
	for _, seed := range []string{
		"docker.io/you/servicex", "localhost:5000", "localhost:5000/a/b__c.d-e--f:1.0", "[::1]:5000/x", "YOU/servicex", "you/YOU",
		"a@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "index.docker.io/x", "a:5/x", "a..b/c", "-a", "A", "x\n",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, v string) {
		named, err := reference.ParseNormalizedNamed(v)
		whole := err == nil && !reference.IsNameOnly(named)
		pilot, err := reference.ParseNormalizedNamed(v + "/proxyv2:1.31.4")
		_, tagged := pilot.(reference.NamedTagged)
		tag, tagErr := reference.ParseNormalizedNamed("istio/proxyv2:" + v)
		with, isTag := tag.(reference.NamedTagged)
		for key, want := range map[string]bool{
			"image.repository":     named != nil && !whole,
			"image.pullRepository": named != nil && !whole,
			"image.reference":      whole,
			"istio.hub":            err == nil && tagged,
			"istio.tag":            tagErr == nil && isTag && with.Tag() == v,
		} {
			if got := accepts(key, v); got != want {
				t.Errorf("%s = %q: accepted %v, want %v", key, v, got, want)
			}
		}
	})
}

// FuzzRegistry feeds any text as a registry's host: what is taken makes an image's
// name that Docker and the kubelet take as one of that host.
func FuzzRegistry(f *testing.F) {
	for _, seed := range []string{
		"localhost:5001", "localhost", "registry:5000", "registry", "k3d-registry.localhost:5000", "[::1]:5000", "127.0.0.1:5000/team",
		"https://localhost:5000", "localhost:5000/", "", "docker.io", "index.docker.io", "a b", "Registry:5000",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, v string) {
		if config.CheckRegistry(v) != nil {
			return
		}
		named, err := reference.ParseNormalizedNamed(v + "/servicex")
		if err != nil || !reference.IsNameOnly(named) || named.String() != v+"/servicex" {
			t.Errorf("accepted %q, which Docker reads as %v (%v)", v, named, err)
		}
	})
}

// FuzzNamespace feeds any name, also as that of a Secret: what is taken, and no
// more than that, is what the API server takes, but for the namespaces without
// sidecars.
func FuzzNamespace(f *testing.F) {
	for _, seed := range []string{"circuit-breaker", "kube-demo", "1", "a.b", "A", "-a", "a-", "\u00e4", "kube-system", "istio-system"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, v string) {
		label := len(validation.IsDNS1123Label(v)) == 0
		reserved := slices.Contains([]string{"kube-system", "kube-public", "kube-node-lease", "local-path-storage", "istio-system"}, v)
		if got, want := accepts("namespace", v), label && !reserved; got != want {
			t.Errorf("namespace %q: accepted %v, want %v", v, got, want)
		}
		subdomain := len(validation.IsDNS1123Subdomain(v)) == 0
		if got := accepts("image.pullSecret.name", v); got != subdomain {
			t.Errorf("image.pullSecret.name %q: accepted %v, want %v", v, got, subdomain)
		}
		if got := accepts("istio.revision", v); got != label {
			t.Errorf("istio.revision %q: accepted %v, want %v", v, got, label)
		}
	})
}
