package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/timeline"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// virtualService is of a VirtualService what comes before the breaker.
type virtualService struct {
	Metadata named `json:"metadata"`
	Spec     struct {
		Hosts    []string    `json:"hosts"`
		Gateways []string    `json:"gateways"`
		ExportTo []string    `json:"exportTo"`
		HTTP     []httpRoute `json:"http"`
	} `json:"spec"`
}

type httpRoute struct {
	Fault *struct {
		Abort *struct{} `json:"abort"`
		Delay *struct{} `json:"delay"`
	} `json:"fault"`
	Retries *struct {
		Attempts int `json:"attempts"`
	} `json:"retries"`
	Timeout string `json:"timeout"`
	Route   []struct {
		Destination struct {
			Host   string `json:"host"`
			Subset string `json:"subset"`
		} `json:"destination"`
	} `json:"route"`
}

// surveyRoutes looks at the routes to the service. Those of other namespaces hold
// too; where they may not be read, the namespace's own are, and that is told.
func (c *Cluster) surveyRoutes(ctx context.Context, client *corev1.Pod) ([]timeline.Symptom, error) {
	var list struct {
		Items []virtualService `json:"items"`
	}
	const group, resource = "networking.istio.io/v1", "virtualservices"
	err := c.list(ctx, group, "", resource, &list)
	if apierrors.IsForbidden(err) {
		if err := c.list(ctx, group, c.namespace, resource, &list); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	return routeSymptoms(list.Items, c.namespace, dnsDomain(client)), err
}

func routeSymptoms(services []virtualService, namespace, domain string) []timeline.Symptom {
	var all []timeline.Symptom
	for _, v := range services {
		if !v.routes(namespace, domain) {
			continue
		}
		tell := func(code, format string, args ...any) {
			s := timeline.Symptom{Code: code, Detail: "VirtualService " + v.Metadata.String() + " " + fmt.Sprintf(format, args...), Source: "VirtualServices"}
			if !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
		for _, r := range v.Spec.HTTP {
			if r.Fault != nil && r.Fault.Abort != nil {
				tell("fault-injection", "aborts requests")
			}
			if r.Fault != nil && r.Fault.Delay != nil {
				tell("fault-injection", "delays requests")
			}
			if r.Retries != nil && r.Retries.Attempts > 0 {
				tell("retries-mask", "has retries.attempts %d", r.Retries.Attempts)
			}
			if r.Timeout != "" {
				tell("upstream-timeout", "has timeout %s", r.Timeout)
			}
			for _, to := range r.Route {
				if s := to.Destination.Subset; s != "" && names(to.Destination.Host, v.Metadata.Namespace, namespace, domain) {
					tell("hidden-by-subset", "leads to the subset %q, which is a cluster of its own in the sidecar", s)
				}
			}
		}
	}
	return all
}

// routes is whether requests to the service from a sidecar of its namespace take
// these routes.
func (v virtualService) routes(namespace, domain string) bool {
	to := v.Spec.ExportTo
	seen := len(to) == 0 || slices.Contains(to, "*") || slices.Contains(to, namespace) || slices.Contains(to, ".") && v.Metadata.Namespace == namespace
	inside := len(v.Spec.Gateways) == 0 || slices.Contains(v.Spec.Gateways, "mesh")
	return seen && inside && slices.ContainsFunc(v.Spec.Hosts, func(host string) bool { return names(host, v.Metadata.Namespace, namespace, domain) })
}

// names is whether a host, as an object of another namespace may name it, is the
// service.
func names(host, of, namespace, domain string) bool {
	if of != namespace && !strings.Contains(host, ".") && host != "*" {
		return false // a short name is of its own namespace
	}
	return meant(host, namespace, domain)
}
