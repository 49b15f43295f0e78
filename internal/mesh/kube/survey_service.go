package kube

import (
	"context"
	"fmt"
	"strings"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// surveyService looks at how the sidecar has to take the service.
func (c *Cluster) surveyService(ctx context.Context, _ *corev1.Pod) ([]timeline.Symptom, error) {
	service, err := c.core.Services(c.namespace).Get(ctx, mesh.Service, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading the service %q: %w", mesh.Service, err)
	}
	return serviceSymptoms(service), nil
}

func serviceSymptoms(s *corev1.Service) []timeline.Symptom {
	var all []timeline.Symptom
	tell := func(code, format string, args ...any) {
		all = append(all, timeline.Symptom{Code: code, Detail: fmt.Sprintf(format, args...), Source: "Service"})
	}
	if s.Spec.ClusterIP == corev1.ClusterIPNone {
		tell("bypasses-sidecar", "service %s is headless: the caller chooses a pod's address, and the sidecar keeps to it", s.Name)
	}
	for _, port := range s.Spec.Ports {
		if protocol := declared(port); port.Port == servicePort && opaque[protocol] {
			tell("not-http", "port %d of service %s is declared as %s", port.Port, s.Name, protocol)
		}
	}
	return all
}

// declared is the protocol of a port: its appProtocol, or its name up to a dash.
// Source: istio pkg/config/kube/conversion.go, ConvertProtocol.
func declared(port corev1.ServicePort) string {
	if port.AppProtocol != nil {
		return strings.ToLower(*port.AppProtocol)
	}
	protocol, _, _ := strings.Cut(strings.ToLower(port.Name), "-")
	return protocol
}

// opaque protocols are those whose answers a sidecar does not read as HTTP; one
// that is not declared it finds out itself. Source: istio pkg/config/protocol.
var opaque = map[string]bool{"tcp": true, "tls": true, "https": true, "mongo": true, "redis": true, "mysql": true}
