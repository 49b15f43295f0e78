package main

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDeployments(t *testing.T) {
	r := up(t, settings{"replicas.healthy": "3", "replicas.faulty": "2", "faulty.code": "500", "faulty.maxDelay": "1500ms"})
	podName := map[string]any{"name": "POD_NAME", "valueFrom": map[string]any{"fieldRef": map[string]any{"fieldPath": "metadata.name"}}}
	env := func(name, value string) map[string]any { return map[string]any{"name": name, "value": value} }
	for _, c := range []struct {
		name     string
		replicas float64
		pod      map[string]any
		env      any
		args     any
	}{
		{"servicex", 3, map[string]any{"app": "servicex", "version": "200"}, []any{podName, env("POD_VERSION", "200")}, nil},
		{"servicex-error", 2, map[string]any{"app": "servicex", "version": "504"},
			[]any{podName, env("POD_VERSION", "504"), env("CODE", "500"), env("MAX_DELAY", "1.5s"), env("error", "yes")}, nil},
		{"servicex-client", 1, map[string]any{"app": "servicex-client", "sidecar.istio.io/inject": "true"}, nil, []any{"wait"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := r.engine.Resource(t, typeDeployment, c.name)
			if got := d.Input("spec", "replicas"); got != c.replicas {
				t.Errorf("replicas %v, want %v", got, c.replicas)
			}
			if diff := cmp.Diff(any(c.pod), d.Input("spec", "selector", "matchLabels")); diff != "" {
				t.Errorf("selector (-want +got):\n%s", diff)
			}
			for label, want := range c.pod {
				if got := d.Input("spec", "template", "metadata", "labels", label); got != want {
					t.Errorf("pod label %s=%v, want %v", label, got, want)
				}
			}
			container := func(path ...any) any {
				return d.Input(append([]any{"spec", "template", "spec", "containers", 0}, path...)...)
			}
			if diff := cmp.Diff(c.env, container("env")); diff != "" {
				t.Errorf("environment (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.args, container("args")); diff != "" {
				t.Errorf("arguments (-want +got):\n%s", diff)
			}
			if got, want := container("image"), "docker.io/you/servicex@"+digest; got != want {
				t.Errorf("image %v, want %v", got, want)
			}
			if d.Input("metadata", "namespace") != "circuit-breaker" {
				t.Errorf("namespace %v", d.Input("metadata", "namespace"))
			}
		})
	}
}

func TestProbesAskOutsideOfTheFault(t *testing.T) {
	r := up(t, nil)
	for _, name := range []string{"servicex", "servicex-error"} {
		d := r.engine.Resource(t, typeDeployment, name)
		for probe, want := range map[string]string{"readinessProbe": "/healthz/ready", "livenessProbe": "/healthz/live"} {
			get := d.Input("spec", "template", "spec", "containers", 0, probe, "httpGet")
			if diff := cmp.Diff(any(map[string]any{"path": want, "port": "http"}), get); diff != "" {
				t.Errorf("%s of %s (-want +got):\n%s", probe, name, diff)
			}
		}
	}
}

// The rules are those of the Pod Security Standard "restricted"
// (kubernetes.io/docs/concepts/security/pod-security-standards).
func TestContainersMeetThePodSecurityStandardRestricted(t *testing.T) {
	r := up(t, nil)
	for _, name := range []string{"servicex", "servicex-error", "servicex-client"} {
		d := r.engine.Resource(t, typeDeployment, name)
		security := func(path ...any) any {
			return d.Input(append([]any{"spec", "template", "spec", "containers", 0, "securityContext"}, path...)...)
		}
		if diff := cmp.Diff(any([]any{"ALL"}), security("capabilities", "drop")); diff != "" {
			t.Errorf("%s drops (-want +got):\n%s", name, diff)
		}
		for path, want := range map[string]any{
			"allowPrivilegeEscalation": false, "runAsNonRoot": true, "runAsUser": 65532.0, "readOnlyRootFilesystem": true,
		} {
			if got := security(path); got != want {
				t.Errorf("%s: %s is %v, want %v", name, path, got, want)
			}
		}
		if got := security("seccompProfile", "type"); got != "RuntimeDefault" {
			t.Errorf("%s: seccomp profile %v", name, got)
		}
		pod, _ := d.Input("spec", "template", "spec").(map[string]any)
		for _, field := range []string{"hostNetwork", "hostPID", "hostIPC", "volumes"} {
			if pod[field] != nil {
				t.Errorf("%s: %s is set", name, field)
			}
		}
		for _, kind := range []string{"requests", "limits"} {
			if got := d.Input("spec", "template", "spec", "containers", 0, "resources", kind, "memory"); got == nil {
				t.Errorf("%s: no memory in %s", name, kind)
			}
		}
	}
}

func TestServiceGathersBothKindsOfPods(t *testing.T) {
	s := up(t, nil).engine.Resource(t, typeService, "servicex-service")
	want := map[string]any{
		"type": "ClusterIP", "selector": map[string]any{"app": "servicex"},
		"ports": []any{map[string]any{"name": "http", "port": 80.0, "targetPort": "http"}},
	}
	if diff := cmp.Diff(any(want), s.Input("spec")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := s.Input("metadata", "annotations", "pulumi.com/skipAwait"); got != "true" {
		t.Errorf("the provider waits for the Service: skipAwait is %v", got)
	}
}

func TestClientExportsItsOutlierStatistics(t *testing.T) {
	d := up(t, nil).engine.Resource(t, typeDeployment, "servicex-client")
	config, _ := d.Input("spec", "template", "metadata", "annotations", "proxy.istio.io/config").(string)
	for _, want := range []string{"proxyStatsMatcher:", ".*outlier_detection.*", ".*membership_(healthy|total).*"} {
		if !strings.Contains(config, want) {
			t.Errorf("no %q in the sidecar's configuration:\n%s", want, config)
		}
	}
}

func TestImage(t *testing.T) {
	own, arm := tagOf(t, buildContext, "linux/"+runtime.GOARCH), tagOf(t, buildContext, "linux/arm64")
	for name, c := range map[string]struct {
		settings             settings
		pushed, pulled, sums any
		platform             any
	}{
		"is pulled by digest from where it was pushed": {nil, "docker.io/you/servicex:" + own, "docker.io/you/servicex@" + digest, digest, nil},
		"is pulled by the cluster's name of the registry": {settings{"image.pullRepository": "registry.local/x"},
			"docker.io/you/servicex:" + own, "registry.local/x@" + digest, digest, nil},
		"is built for one platform": {settings{"image.platform": "linux/arm64"},
			"docker.io/you/servicex:" + arm, "docker.io/you/servicex@" + digest, digest, "linux/arm64"},
		"is taken as it is":       {settings{"image.reference": "a/b@" + digest}, nil, "a/b@" + digest, digest, nil},
		"may be without a digest": {settings{"image.reference": "a/b:1"}, nil, "a/b:1", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := up(t, c.settings)
			if c.pushed != nil {
				built := r.engine.Resource(t, typeImage, "servicex")
				if got := built.Input("imageName"); got != c.pushed {
					t.Errorf("pushed as %v, want %v", got, c.pushed)
				}
				want := map[string]any{"context": "../servicex"}
				if c.platform != nil {
					want["platform"] = c.platform
				}
				got, _ := built.Input("build").(map[string]any)
				for k, v := range want {
					if got[k] != v {
						t.Errorf("build %s is %v, want %v", k, got[k], v)
					}
				}
				if _, set := got["platform"]; set != (c.platform != nil) {
					t.Errorf("build has platform %v, want %v", got["platform"], c.platform)
				}
			} else if slices.ContainsFunc(r.engine.Keys(), func(k string) bool { return strings.HasPrefix(k, typeImage) }) {
				t.Error("an image is built all the same")
			}
			if got := r.engine.Resource(t, typeDeployment, "servicex").Input("spec", "template", "spec", "containers", 0, "image"); got != c.pulled {
				t.Errorf("pods run %v, want %v", got, c.pulled)
			}
			if got := r.outputs["imageDigest"]; got != c.sums {
				t.Errorf("output imageDigest is %v, want %v", got, c.sums)
			}
		})
	}
}
