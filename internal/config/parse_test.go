package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/config"
	"istio-circuit-breaker/internal/golden"

	"github.com/google/go-cmp/cmp"
)

// parseFile reads a stack file of testdata and parses it.
func parseFile(t *testing.T, file string) (config.Config, error) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("reading %s: %v", file, err)
	}
	raw, err := config.FromStackFile(text, config.Project)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return config.Parse(raw)
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(found) == 0 {
		t.Fatalf("no %s in testdata (%v)", pattern, err)
	}
	return found
}

// least is what a stack has to set, with all defaults in place.
func least() config.Config {
	return config.Config{
		Namespace: config.Namespace{Name: "circuit-breaker"},
		Outlier: config.Outlier{Enabled: true, ConsecutiveErrors: 10,
			BaseEjectionTime: 30 * time.Second, Interval: time.Second, MaxEjectionPercent: 50},
		Replicas:     config.Replicas{Healthy: 1, Faulty: 1},
		FaultyCode:   504,
		MaxDelay:     4 * time.Second,
		LoadBalancer: "ROUND_ROBIN",
		Image:        config.Image{Repository: "docker.io/you/servicex"},
		Istio: config.Istio{Install: true, Version: "1.31.4", Timeout: 5 * time.Minute,
			ChartRepository: "https://istio-release.storage.googleapis.com/charts"},
		Client: true,
	}
}

func TestValidStackFilesAreReadInWhole(t *testing.T) {
	dotted, nested, both, unusual, found := least(), least(), least(), least(), least()
	dotted.Namespace = config.Namespace{Name: "default", Existing: true}
	dotted.Outlier = config.Outlier{Enabled: true, ConsecutiveErrors: 3,
		BaseEjectionTime: 2 * time.Second, Interval: 200 * time.Millisecond, MaxEjectionPercent: 100}
	dotted.Replicas = config.Replicas{Healthy: 2, Faulty: 2}
	dotted.MaxDelay, dotted.LoadBalancer, dotted.Client = 0, "LEAST_REQUEST", false
	dotted.Locality = true
	dotted.Image = config.Image{Reference: "registry.example:5000/servicex@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
	dotted.PullSecret.Name = "registry-credentials"
	dotted.Istio.Install, dotted.Istio.Revision = false, "1-31-4"

	nested.Outlier.Enabled, nested.Outlier.ConsecutiveErrors, nested.Outlier.MaxEjectionPercent = false, 5, 25
	nested.Replicas.Healthy, nested.LoadBalancer = 3, ""
	nested.Image = config.Image{Repository: "localhost:5000/servicex", PullRepository: "registry.local/servicex", Platform: "linux/arm64"}
	// The pull secret, which only Pulumi can read, is left out.
	nested.Istio = config.Istio{Install: true, Version: "1.30.0", ChartRepository: "oci://mirror.example/charts",
		Hub: "mirror.example/istio", Tag: "1.30.0-distroless", KeepCRDs: true, Timeout: 90 * time.Second,
		Values: map[string]any{"global": map[string]any{"logAsJson": true}}}

	both.Image.Repository, both.Replicas.Faulty, both.Outlier.MaxEjectionPercent = "you/servicex", 2, 67

	unusual.Namespace.Name = "kube-demo"
	unusual.Outlier.Enabled, unusual.Outlier.MaxEjectionPercent = false, 1
	unusual.Image = config.Image{Reference: "[2001:db8::1]:5000/servicex:1.0_RC-1@sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"}
	unusual.Istio.Hub, unusual.Istio.Version = "localhost:5000", "1.32.0-alpha.1+build.5"

	found.Namespace.Name, found.Image = "demo", config.Image{} // the cluster's own registry

	given := least()
	given.RuleFile, given.RuleName, given.FaultyCode = "../rules/reviews.yaml", "bookinfo/reviews", 500

	want := map[string]config.Config{
		"valid-rule-file.yaml": given,
		"valid-no-image.yaml":  found, "valid-least.yaml": least(), "valid-dotted.yaml": dotted, "valid-unusual.yaml": unusual,
		"valid-nested.yaml": nested, "valid-both-agree.yaml": both,
	}
	for _, file := range files(t, "valid-*.yaml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			expected, ok := want[filepath.Base(file)]
			if !ok {
				t.Fatal("this file has no expectation in the test")
			}
			got, err := parseFile(t, file)
			if err != nil {
				t.Fatalf("refused:\n%v", err)
			}
			if diff := cmp.Diff(expected, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestInvalidStackFilesAreRefusedWithEveryProblem(t *testing.T) {
	for _, file := range files(t, "invalid-*.yaml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			got, err := parseFile(t, file)
			if err == nil {
				t.Fatalf("accepted as %+v", got)
			}
			if diff := cmp.Diff(config.Config{}, got); diff != "" {
				t.Errorf("a refused configuration is not empty:\n%s", diff)
			}
			golden.Check(t, strings.TrimSuffix(filepath.Base(file), ".yaml")+".golden", err.Error()+"\n")
		})
	}
}

func TestEveryProblemCanBeReadByProgram(t *testing.T) {
	_, err := config.Parse(map[string]string{
		"istio-circuit-breaker:image.repository":          "you/servicex",
		"istio-circuit-breaker:outlier.consecutiveErrors": "0",
	})
	var p *config.Problem
	if !errors.As(err, &p) {
		t.Fatalf("%v is no Problem", err)
	}
	want := &config.Problem{
		Key: "istio-circuit-breaker:outlier.consecutiveErrors", Value: "0", Reason: "is out of range",
		Allowed: "a whole number from 1 to 10000", Fix: "pulumi config set outlier.consecutiveErrors 10",
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRegistries(t *testing.T) {
	for host, want := range map[string]string{
		"localhost:5001":              "",
		"localhost":                   "",
		"registry:5000":               "",
		"k3d-registry.localhost:5000": "",
		"[::1]:5000":                  "",
		"registry.example/team":       "",
		"registry":                    "is no registry's host: it would be read as docker.io/registry/servicex",
		"http://localhost:5001":       "is a URL; an image name has no scheme",
		"localhost:5001/":             "has a part that is empty, before or after a slash",
		"local host:5001":             "has a space in it",
		"registry.example:5000:1":     "is not an image name",
	} {
		got := ""
		if err := config.CheckRegistry(host); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("registry %q: got %q, want %q", host, got, want)
		}
	}
}

func TestNoImageSaysWhatToSet(t *testing.T) {
	golden.Check(t, "no-image.golden", config.NoImage().Error()+"\n")
}

func TestSingleValues(t *testing.T) {
	const ok = ""
	for _, c := range []struct{ key, value, wrong string }{
		{"outlier.consecutiveErrors", "1", ok},
		{"outlier.consecutiveErrors", "10000", ok},
		{"outlier.consecutiveErrors", "10001", "is out of range"},
		{"outlier.consecutiveErrors", "0x10", "is not a whole number"},
		{"outlier.consecutiveErrors", "+5", "is not a whole number"},
		{"outlier.consecutiveErrors", "5_0", "is not a whole number"},
		{"outlier.consecutiveErrors", " 5", "is not a whole number"},
		{"outlier.consecutiveErrors", "5.0", "is not a whole number"},
		{"outlier.consecutiveErrors", "NaN", "is not a whole number"},
		{"outlier.consecutiveErrors", "-9223372036854775809", "is out of range"},
		{"outlier.baseEjectionTime", "1s", ok},
		{"outlier.baseEjectionTime", "1m30s", ok},
		{"outlier.baseEjectionTime", "1h", ok},
		{"outlier.baseEjectionTime", "999ms", "is out of range"},
		{"outlier.baseEjectionTime", "1h1ms", "is out of range"},
		{"outlier.baseEjectionTime", "-30s", "is out of range"},
		{"outlier.baseEjectionTime", "0", "has no unit; write 0s or 0ms"},
		{"outlier.baseEjectionTime", "30 s", "is not a duration"},
		{"outlier.baseEjectionTime", "30S", "is not a duration"},
		{"outlier.interval", "100ms", ok},
		{"outlier.interval", "1.5s", ok},
		{"outlier.interval", "100.5ms", "is not in whole milliseconds, which is all that Istio takes"},
		{"faulty.maxDelay", "0s", ok},
		{"outlier.enabled", "True", "is neither true nor false"},
		{"outlier.maxEjectionPercent", "100", ok},
		{"outlier.maxEjectionPercent", "0", "is out of range"},
		{"outlier.maxEjectionPercent", "50%", "is not a whole number"},
		{"namespace", "a", ok},
		{"namespace", strings.Repeat("n", 63), ok},
		{"namespace", strings.Repeat("n", 64), "is 64 characters long"},
		{"namespace", "1", ok},
		{"namespace", "kube-demo", ok},
		{"namespace", "kube-public", "is a namespace in which Istio injects no sidecars"},
		{"namespace", "local-path-storage", "is a namespace in which Istio injects no sidecars"},
		{"namespace", "-a", "begins or ends with -, which a namespace's name does not"},
		{"namespace", "a.b", "is not a namespace's name"},
		{"namespace", "Demo", "has upper case letters; a namespace's name is lower case only"},
		{"namespace", "istio-system", "is the mesh's own namespace"},
		{"image.repository", "servicex", ok},
		{"image.repository", "localhost:5000/a/b__c.d-e--f", ok},
		{"image.repository", "[::1]:5000/servicex", ok},
		{"image.repository", "Registry.example/servicex", ok},
		{"image.repository", strings.Repeat("a", 63), ok},
		{"image.repository", strings.Repeat("a", 64), "is an image's ID; a name is not 64 hexadecimal digits"},
		{"image.repository", "docker.io/YOU/servicex", "has upper case letters; an image's name and digest are lower case only"},
		{"image.repository", "you/ServiceX", "has upper case letters; an image's name and digest are lower case only"},
		{"image.repository", "you/servicex/", "has a part that is empty, before or after a slash"},
		{"image.repository", "you//servicex", "has a part that is empty, before or after a slash"},
		{"image.repository", "you servicex", "has a space in it"},
		{"image.repository", "you/servicex\n", "has a space in it"},
		{"image.repository", "https://docker.io/you/servicex", "is a URL; an image name has no scheme"},
		{"image.repository", "you/-servicex", "is not an image name"},
		{"image.repository", "you/" + strings.Repeat("n", 251), ok},
		{"image.repository", strings.Repeat("n", 256), "is too long: without the registry an image name has at most 255 characters"},
		{"image.repository", "you/servicex@sha256:" + strings.Repeat("0", 64), "carries a tag or a digest"},
		{"image.reference", "you/servicex:1.0", ok},
		{"image.reference", "you/servicex:1.0@sha256:" + strings.Repeat("0", 64), ok},
		{"image.reference", "you/servicex:UPPER", ok},
		{"image.reference", "you/servicex@sha512:" + strings.Repeat("0", 128), ok},
		{"image.reference", "you/servicex@sha256:0", "has no valid digest after the @"},
		{"image.reference", "you/servicex@sha256:" + strings.Repeat("A", 64), "has upper case letters; an image's name and digest are lower case only"},
		{"image.reference", "you/servicex@md5:" + strings.Repeat("0", 32), "has no valid digest after the @"},
		{"image.reference", "you/servicex", "has neither a tag nor a digest"},
		{"image.reference", "you/servicex:" + strings.Repeat("t", 129), "is not an image name"},
		{"image.platform", "linux/arm64", ok},
		{"image.platform", "linux/arm/v7", "is not a platform that the image is built for"},
		{"istio.version", "1.31.4", ok},
		{"istio.version", "1.32.0-beta.1", ok},
		{"istio.version", "1.31.4+build.5", ok},
		{"istio.version", "v1.31.4", "starts with v; write 1.31.4"},
		{"istio.version", "01.31.4", "is not one exact version"},
		{"istio.version", "~1.31", "is not one exact version"},
		{"istio.hub", "localhost:5000", ok},
		{"istio.hub", "[::1]:5000", ok},
		{"istio.hub", "registry.example:5000/istio/testing", ok},
		{"image.pullSecret.name", "registry.credentials", ok},
		{"image.pullSecret.name", "Credentials", "has upper case letters; a Secret's name is lower case only"},
		{"image.pullSecret.name", "-", "is not a Secret's name"},
		{"istio.hub", "docker.io/istio:1.31.4", "carries a tag or a digest"},
		{"istio.hub", "docker.io/istio/", "has a part that is empty, before or after a slash"},
		{"istio.hub", "docker.io/Istio", "has upper case letters; an image's name and digest are lower case only"},
		{"istio.hub", "you/" + strings.Repeat("n", 251), "is too long: without the registry an image name has at most 255 characters"},
		{"istio.tag", "1.31.4-distroless", ok},
		{"istio.tag", strings.Repeat("t", 128), ok},
		{"istio.tag", strings.Repeat("t", 129), "is not an image tag"},
		{"istio.tag", "-1", "is not an image tag"},
		{"istio.revision", "1-31-4", ok},
		{"istio.revision", "1.31", "is not a revision's name"},
		{"istio.revision", "Canary", "has upper case letters; a revision's name is lower case only"},
		{"istio.chartRepository", "charts", ok},
		{"istio.chartRepository", "../mirror/charts", ok},
		{"istio.chartRepository", "https://", "is neither an http(s) or oci URL nor a folder"},
		{"istio.values", `{"pilot":{}}`, ok},
		{"istio.values", `null`, "is not an object"},
		{"istio.values", `{`, "is not an object"},
		{"loadBalancer", "RANDOM", ok},
		{"loadBalancer", "PASSTHROUGH", "is no load balancer of Istio's"},
	} {
		t.Run(c.key+" "+c.value, func(t *testing.T) {
			raw := map[string]string{"istio-circuit-breaker:image.repository": "you/servicex"}
			raw["istio-circuit-breaker:"+c.key] = c.value
			if c.key == "istio.revision" {
				raw["istio-circuit-breaker:istio.install"] = "false"
			}
			_, err := config.Parse(raw)
			var p *config.Problem
			switch {
			case c.wrong == ok && err != nil:
				t.Errorf("refused: %v", err)
			case c.wrong != ok && !errors.As(err, &p):
				t.Errorf("accepted, want %q", c.wrong)
			case c.wrong != ok && p.Reason != c.wrong:
				t.Errorf("reason %q, want %q", p.Reason, c.wrong)
			}
		})
	}
}
