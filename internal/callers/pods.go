package callers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/spelling"
	"istio-circuit-breaker/internal/target"

	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What may be wrong with the service that is asked for.
var (
	ErrNoService = errors.New("no such service")
	ErrNoPort    = errors.New("no such port")
)

// Names are the pods of the service by IP.
type Names map[string]string

// Of is the pod at an address, IP:port; the address itself where none is known.
func (n Names) Of(address string) string {
	ip, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if name := n[ip]; name != "" {
		return name
	}
	return address
}

// Pods are the service's, by its EndpointSlices. Where several pods share an IP,
// as on the host's network, none of them is named.
func (f Finder) Pods(ctx context.Context, t target.Target) (Names, error) {
	list, err := f.Slices.EndpointSlices(t.Namespace).List(ctx, metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + t.Service})
	if err != nil {
		return nil, fmt.Errorf("listing the endpoint slices of %q: %w", t, err)
	}
	names := Names{}
	for _, slice := range list.Items {
		for _, e := range slice.Endpoints {
			if e.TargetRef == nil || e.TargetRef.Kind != "Pod" {
				continue
			}
			for _, ip := range e.Addresses {
				if other, has := names[ip]; has && other != e.TargetRef.Name {
					names[ip] = ""
					continue
				}
				names[ip] = e.TargetRef.Name
			}
		}
	}
	return names, nil
}

// Check says whether there is such a service, and port. Where that may not be
// read, nothing speaks against it.
func (f Finder) Check(ctx context.Context, t target.Target) error {
	service, err := f.Core.Services(t.Namespace).Get(ctx, t.Service, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return f.noService(ctx, t)
	case apierrors.IsForbidden(err):
		return nil
	case err != nil:
		return fmt.Errorf("reading the service %q: %w", t, err)
	}
	var ports []string
	for _, p := range service.Spec.Ports {
		if t.Port == 0 || uint32(p.Port) == t.Port {
			return nil
		}
		ports = append(ports, fmt.Sprint(p.Port))
	}
	return hint.With(fmt.Errorf("%w: %q has no port %d", ErrNoPort, t, t.Port), "choose one of its own with --port: "+strings.Join(ports, ", "))
}

func (f Finder) noService(ctx context.Context, t target.Target) error {
	err := fmt.Errorf("%w: %q in namespace %q", ErrNoService, t.Service, t.Namespace)
	look := fmt.Sprintf("`kubectl -n %s get services` lists those that there are", t.Namespace)
	list, refused := f.Core.Services(t.Namespace).List(ctx, metav1.ListOptions{})
	if refused != nil {
		return hint.With(err, look)
	}
	var names []string
	for _, s := range list.Items {
		names = append(names, s.Name)
	}
	if near := spelling.Nearest(t.Service, names); near != "" {
		return hint.With(err, "did you mean "+near+"? If not, "+look)
	}
	return hint.With(err, "name its namespace, as in --service "+t.Service+".NAMESPACE; "+look)
}
