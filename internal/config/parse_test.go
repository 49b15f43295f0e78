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
	raw, err := config.FromStackFile(text)
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
		MaxDelay:     4 * time.Second,
		LoadBalancer: "ROUND_ROBIN",
		Image:        config.Image{Repository: "docker.io/you/servicex"},
		Istio: config.Istio{Install: true, Version: "1.31.4", Timeout: 5 * time.Minute,
			ChartRepository: "https://istio-release.storage.googleapis.com/charts"},
		Client: true,
	}
}

func TestValidStackFilesAreReadInWhole(t *testing.T) {
	dotted, nested, both := least(), least(), least()
	dotted.Namespace = config.Namespace{Name: "default", Existing: true}
	dotted.Outlier = config.Outlier{Enabled: true, ConsecutiveErrors: 3,
		BaseEjectionTime: 2 * time.Second, Interval: 200 * time.Millisecond, MaxEjectionPercent: 100}
	dotted.Replicas = config.Replicas{Healthy: 2, Faulty: 2}
	dotted.MaxDelay, dotted.LoadBalancer, dotted.Client = 0, "LEAST_REQUEST", false
	dotted.Locality = true
	dotted.Image = config.Image{Reference: "registry.example:5000/servicex@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
	dotted.Istio.Install, dotted.Istio.Revision = false, "1-31-4"

	nested.Outlier.Enabled, nested.Outlier.ConsecutiveErrors, nested.Outlier.MaxEjectionPercent = false, 5, 25
	nested.Replicas.Healthy, nested.LoadBalancer = 3, ""
	nested.Image = config.Image{Repository: "localhost:5000/servicex", PullRepository: "registry.local/servicex", Platform: "linux/arm64"}
	nested.Istio = config.Istio{Install: true, Version: "1.30.0", ChartRepository: "oci://mirror.example/charts",
		Hub: "mirror.example/istio", Tag: "1.30.0-distroless", KeepCRDs: true, Timeout: 90 * time.Second,
		Values: map[string]any{"global": map[string]any{"logAsJson": true}}}

	both.Image.Repository, both.Replicas.Faulty, both.Outlier.MaxEjectionPercent = "you/servicex", 2, 67

	want := map[string]config.Config{
		"valid-least.yaml": least(), "valid-dotted.yaml": dotted,
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
		{"namespace", "-a", "is not a namespace's name"},
		{"namespace", "istio-system", "is the mesh's own namespace"},
		{"image.repository", "servicex", ok},
		{"image.repository", "localhost:5000/a/b__c.d-e--f", ok},
		{"image.repository", "[::1]:5000/servicex", ok},
		{"image.repository", "you/ServiceX", "is not an image name"},
		{"image.repository", "you/servicex/", "is not an image name"},
		{"image.repository", "you servicex", "is not an image name"},
		{"image.repository", strings.Repeat("n", 256), "is 256 characters long, of at most 255"},
		{"image.repository", "you/servicex@sha256:" + strings.Repeat("0", 64), "carries a tag or a digest"},
		{"image.reference", "you/servicex:1.0", ok},
		{"image.reference", "you/servicex:1.0@sha256:" + strings.Repeat("0", 64), ok},
		{"image.reference", "you/servicex@sha256:0", "is not an image name"},
		{"image.reference", "you/servicex:" + strings.Repeat("t", 129), "is not an image name"},
		{"image.platform", "linux/arm64", ok},
		{"image.platform", "linux/arm/v7", "is not a platform that the image is built for"},
		{"istio.version", "1.31.4", ok},
		{"istio.version", "1.32.0-beta.1", ok},
		{"istio.version", "~1.31", "is not one exact version"},
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
