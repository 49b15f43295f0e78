package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// clientSymptoms are of the client pod itself.
func clientSymptoms(pod *corev1.Pod) []timeline.Symptom {
	var all []timeline.Symptom
	tell := func(code, format string, args ...any) {
		all = append(all, timeline.Symptom{Code: code, Detail: "pod " + pod.Name + " " + fmt.Sprintf(format, args...), Source: "pod"})
	}
	for _, key := range []string{"excludeOutboundPorts", "excludeOutboundIPRanges", "includeOutboundPorts", "includeOutboundIPRanges"} {
		key = "traffic.sidecar.istio.io/" + key
		if v, is := pod.Annotations[key]; is && v != "*" {
			tell("bypasses-sidecar", "has the annotation %s=%s", key, v)
		}
	}
	// Istio's node agent sets it where ztunnel has a pod's traffic; a label of the
	// namespace alone does not say so, for pods with a sidecar are left out.
	if ambient(pod) {
		tell("hbone", "has the annotation ambient.istio.io/redirection=enabled: ztunnel takes its requests")
	}
	return all
}

func ambient(pod *corev1.Pod) bool {
	return pod.Annotations["ambient.istio.io/redirection"] == "enabled"
}

// dnsDomain is the cluster's domain as the injector told the sidecar; empty where
// it did not. Source: istio manifests, injection-template.yaml, --domain.
func dnsDomain(pod *corev1.Pod) string {
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		if c.Name != sidecar {
			continue
		}
		for i, arg := range c.Args[:max(len(c.Args)-1, 0)] {
			if _, domain, is := strings.Cut(c.Args[i+1], ".svc."); arg == "--domain" && is {
				return domain
			}
		}
	}
	return ""
}

// useWaypoint is the label by which a service goes over a waypoint.
const useWaypoint = "istio.io/use-waypoint"

// surveyWaypoint looks whether a waypoint stands before the service. A sidecar's
// requests do not go over one. Source: istio
// pilot/pkg/xds/endpoints/endpoint_builder.go, findServiceWaypoint.
func (c *Cluster) surveyWaypoint(ctx context.Context, client *corev1.Pod) ([]timeline.Symptom, error) {
	if !ambient(client) {
		return nil, nil
	}
	service, err := c.core.Services(c.namespace).Get(ctx, mesh.Service, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading the service %q: %w", mesh.Service, err)
	}
	if name, is := service.Labels[useWaypoint]; is {
		return waypoint("service "+mesh.Service, name), nil
	}
	namespace, err := c.core.Namespaces().Get(ctx, c.namespace, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading the namespace %q: %w", c.namespace, err)
	}
	return waypoint("namespace "+c.namespace, namespace.Labels[useWaypoint]), nil
}

// waypoint is the symptom of an object's label; "none" takes it off.
func waypoint(of, name string) []timeline.Symptom {
	if name == "" || name == "none" {
		return nil
	}
	return []timeline.Symptom{{Code: "waypoint", Detail: fmt.Sprintf("%s has the label %s=%s", of, useWaypoint, name), Source: "API server"}}
}
