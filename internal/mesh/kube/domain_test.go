package kube

import (
	"testing"

	"istio-circuit-breaker/internal/envoyadmin"
	"istio-circuit-breaker/internal/mesh"

	corev1 "k8s.io/api/core/v1"
)

func TestTheDomainIsTheSidecars(t *testing.T) {
	with := func(name string, args ...string) []corev1.Container {
		return []corev1.Container{{Name: "client", Args: []string{"--domain", "a.svc.other.example"}}, {Name: name, Args: args}}
	}
	for name, c := range map[string]struct {
		pod  corev1.PodSpec
		want string
	}{
		"a native sidecar":             {corev1.PodSpec{InitContainers: with(sidecar, "proxy", "sidecar", "--domain", "$(POD_NAMESPACE).svc.corp.internal", "--x")}, "corp.internal"},
		"a container":                  {corev1.PodSpec{Containers: with(sidecar, "proxy", "sidecar", "--domain", "$(POD_NAMESPACE).svc.cluster.local")}, "cluster.local"},
		"a sidecar that was told none": {corev1.PodSpec{Containers: with(sidecar, "proxy", "sidecar", "--domain")}, ""},
		"a pod without a sidecar":      {corev1.PodSpec{Containers: with("other", "--domain", "a.svc.corp.internal")}, ""},
		"a domain without .svc. in it": {corev1.PodSpec{Containers: with(sidecar, "--domain", "corp.internal")}, ""},
	} {
		if got := dnsDomain(&corev1.Pod{Spec: c.pod}); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestASidecarOfAnotherDomainIsReadByItsOwnNames(t *testing.T) {
	const own = "outbound|80||servicex-service.circuit-breaker.svc.corp.internal"
	routes := envoyadmin.Routes{Known: true, Clusters: []string{own}}
	got := codes(sidecarSymptoms([]envoyadmin.Name{{Cluster: own, Statistics: "shop"}}, routes, mesh.Namespace, "corp.internal"))
	if len(got) != 1 || got[0] != "statistics-renamed" {
		t.Errorf("got %q", got)
	}
}
