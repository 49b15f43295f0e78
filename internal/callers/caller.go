package callers

import (
	"encoding/json"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/target"

	corev1 "k8s.io/api/core/v1"
)

// Kind of caller.
type Kind string

// The kinds that can be read.
const (
	Sidecar Kind = "sidecar"
	Gateway Kind = "gateway"
)

// Caller is a pod whose Envoy may call the service.
type Caller struct {
	Workload  string `json:"workload"` // that owns the pod; the pod's name where nothing does
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	Kind      Kind   `json:"kind"`
	UID       string `json:"-"` // tells one life of the name from the next
	AdminPort int    `json:"-"`
	// Log is true where Envoy writes its ejections to the container's output.
	Log bool `json:"-"`
	// owner is the workload's kind, where a user may name it.
	owner target.Kind
}

// String is the caller as users name it.
func (c Caller) String() string { return c.Pod + "." + c.Namespace }

// Unread is a caller, or several, of whom nothing is known, and why.
type Unread struct {
	Name   string `json:"name"` // NAME.NAMESPACE, or how many there are
	Reason string `json:"reason"`
	// Workload that it is of, where it is a single one.
	Workload string `json:"workload,omitempty"`
	// NoEnvoy is true where there is none that could be read.
	NoEnvoy bool `json:"noEnvoy,omitempty"`
}

// Names that Istio gives. Source: istio manifests/charts/istio-control/
// istio-discovery/files/{injection-template,kube-gateway,waypoint}.yaml.
const (
	proxyContainer = "istio-proxy"
	adminPort      = 15000
	outlierLog     = "--outlierLogPath"
	waypointClass  = "istio.io-mesh-controller" // of gateway.istio.io/managed
	ambientPod     = "ambient.istio.io/redirection"
)

const (
	noSidecar      = "it has no sidecar: nothing is counted for it, and nothing is ejected"
	withoutSidecar = "without a sidecar nothing is counted, and nothing is ejected"
	isAmbient      = "it calls through the ambient mesh, which cannot be read yet"
	isWaypoint     = "it is a waypoint, which cannot be read yet"
	isZtunnel      = "it is a ztunnel of the ambient mesh, which cannot be read yet"
)

// Of is the caller that a pod is, or why its Envoy cannot be read.
func Of(pod *corev1.Pod) (Caller, string) {
	c := Caller{Namespace: pod.Namespace, Pod: pod.Name, Kind: Sidecar, UID: string(pod.UID), AdminPort: adminPort}
	c.Workload, c.owner = workload(pod)
	proxy := proxyOf(pod)
	switch {
	case proxy != nil && isA(pod, proxy, "waypoint"), pod.Labels["gateway.istio.io/managed"] == waypointClass:
		return c, isWaypoint
	case proxy != nil && isA(pod, proxy, "ztunnel"):
		return c, isZtunnel
	case proxy == nil && pod.Annotations[ambientPod] == "enabled":
		return c, isAmbient
	case proxy == nil:
		return c, noSidecar
	}
	if isA(pod, proxy, "router") {
		c.Kind = Gateway
	}
	if !runs(pod) {
		return c, "its container " + proxyContainer + " does not run"
	}
	for _, e := range proxy.Env {
		var config struct {
			Port int `json:"proxyAdminPort"`
		}
		if e.Name == "PROXY_CONFIG" && json.Unmarshal([]byte(e.Value), &config) == nil && config.Port != 0 {
			c.AdminPort = config.Port
		}
	}
	for i, arg := range proxy.Args {
		path, has := strings.CutPrefix(arg, outlierLog+"=")
		if arg == outlierLog && i+1 < len(proxy.Args) {
			path, has = proxy.Args[i+1], true
		}
		c.Log = c.Log || has && (path == "/dev/stdout" || path == "/dev/stderr")
	}
	return c, ""
}

// proxyOf is Envoy's container; a native sidecar is an init container that goes
// on running.
func proxyOf(pod *corev1.Pod) *corev1.Container {
	for _, all := range [][]corev1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
		for i := range all {
			if all[i].Name == proxyContainer {
				return &all[i]
			}
		}
	}
	return nil
}

// isA is what the agent was told to be, which is its second argument: "proxy
// sidecar", "proxy router", "proxy waypoint". A gateway has labels besides.
func isA(pod *corev1.Pod, proxy *corev1.Container, kind string) bool {
	if len(proxy.Args) > 1 && proxy.Args[0] == "proxy" {
		return proxy.Args[1] == kind
	}
	_, named := pod.Labels["gateway.networking.k8s.io/gateway-name"]
	_, older := pod.Labels["istio.io/gateway-name"]
	return kind == "router" && (named || older || strings.HasSuffix(pod.Labels["istio"], "gateway"))
}

// runs is whether Envoy's container does, as far as the kubelet has said.
func runs(pod *corev1.Pod) bool {
	for _, s := range slices.Concat(pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses) {
		if s.Name == proxyContainer {
			return s.State.Running != nil
		}
	}
	return pod.Status.Phase == corev1.PodRunning
}

// workload is what owns the pod, and its kind where a user may name that: a
// Deployment owns it by way of its ReplicaSet.
func workload(pod *corev1.Pod) (string, target.Kind) {
	for _, o := range pod.OwnerReferences {
		if o.Controller == nil || !*o.Controller {
			continue
		}
		if hash := pod.Labels["pod-template-hash"]; o.Kind == "ReplicaSet" && hash != "" {
			return strings.TrimSuffix(o.Name, "-"+hash), target.Deployment
		}
		switch o.Kind {
		case "StatefulSet":
			return o.Name, target.StatefulSet
		case "DaemonSet":
			return o.Name, target.DaemonSet
		}
		return o.Name, target.AnyKind
	}
	return pod.Name, target.Pod
}

// isOf is whether a pod is one of those that a user means.
func (c Caller) isOf(of target.Caller) bool {
	switch {
	case c.Namespace != of.Namespace:
		return false
	case of.Kind == target.WholeNamespace:
		return true
	case of.Kind == target.AnyKind:
		return c.Workload == of.Name || c.Pod == of.Name
	case of.Kind == target.Pod:
		return c.Pod == of.Name
	}
	return c.Workload == of.Name && c.owner == of.Kind
}
