package inventory

import (
	"context"
	"fmt"

	"istio-circuit-breaker/internal/lint"

	corev1 "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// endpoints are the pods behind services. Those of other clusters
// of the mesh are not among them.
type endpoints struct {
	services, slices, pods known
	behind                 map[string]map[string]endpoint // of each service, by pod or address
	labels                 map[string]map[string]string   // of pods
	headless               map[string]bool                // services of whose slices Kubernetes says so
}

// endpoint is one that is not going.
type endpoint struct {
	pod   string // namespace/name; empty where it is none
	ready bool
}

// KnowsServices is whether the services of a namespace could be read.
func (e *endpoints) KnowsServices(namespace string) bool { return e.services.of(namespace) }

// Headless is whether a service has no address of its own.
func (e *endpoints) Headless(namespace, service string) bool {
	return e.headless[namespace+"/"+service]
}

// Pods is how many pods of a service there are, of those with the labels; false
// where that is not known.
func (e *endpoints) Pods(namespace, service string, labels map[string]string) (n lint.Pods, is bool) {
	if !e.slices.of(namespace) || len(labels) > 0 && !e.pods.of(namespace) {
		return n, false
	}
	for _, endpoint := range e.behind[namespace+"/"+service] {
		has, known := e.labels[endpoint.pod]
		switch {
		case len(labels) > 0 && !known:
			return lint.Pods{}, false // nobody's pod, or one that has just come
		case !within(has, labels):
		case endpoint.ready:
			n.Ready++
		default:
			n.NotReady++
		}
	}
	return n, true
}

func within(labels, selector map[string]string) bool {
	for name, value := range selector {
		if has, is := labels[name]; !is || has != value {
			return false
		}
	}
	return true
}

// read reads the endpoints of some namespaces, and the labels of pods where
// subsets ask for them.
func (e *endpoints) read(ctx context.Context, r *reader, all bool, in, split []string) {
	e.behind, e.labels, e.headless = map[string]map[string]endpoint{}, map[string]map[string]string{}, map[string]bool{}
	e.slices = r.gather(all, in, func(namespace string) error {
		return r.each(ctx, slicesKind, namespace, func(o *object) {
			var s discovery.EndpointSlice
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &s); err != nil {
				r.unread = append(r.unread, fmt.Errorf("decoding the EndpointSlice %q: %w", o.GetNamespace()+"/"+o.GetName(), err))
				return
			}
			e.take(&s)
		})
	})
	if len(split) == 0 {
		return
	}
	e.pods = r.gather(all, split, func(namespace string) error {
		return r.eachNamed(ctx, pods, namespace, func(o *named) { e.labels[o.Namespace+"/"+o.Name] = o.Labels })
	})
}

// take counts the endpoints of a slice that are not going. One pod may be in several: by IPv4
// and IPv6, and by more than one port.
func (e *endpoints) take(s *discovery.EndpointSlice) {
	service := s.Namespace + "/" + s.Labels[discovery.LabelServiceName]
	if _, is := s.Labels[corev1.IsHeadlessService]; is {
		e.headless[service] = true
	}
	for _, of := range s.Endpoints {
		ready := of.Conditions.Ready == nil || *of.Conditions.Ready
		going := of.Conditions.Terminating == nil || *of.Conditions.Terminating
		if !ready && going || len(of.Addresses) == 0 {
			continue // as istiod takes it
		}
		key, pod := of.Addresses[0], ""
		if to := of.TargetRef; to != nil && to.Kind == "Pod" {
			pod = s.Namespace + "/" + to.Name
			key = pod
		}
		if e.behind[service] == nil {
			e.behind[service] = map[string]endpoint{}
		}
		e.behind[service][key] = endpoint{pod, ready}
	}
}
