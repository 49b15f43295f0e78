package kube

import (
	"context"
	"fmt"
	"slices"

	"istio-circuit-breaker/internal/envoyadmin"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/target"
	"istio-circuit-breaker/internal/timeline"
)

// surveySidecar looks where the client's sidecar sends requests for the service.
func (c *Cluster) surveySidecar(ctx context.Context, client mesh.Client) ([]timeline.Symptom, error) {
	text, err := c.Admin(ctx, client, envoyadmin.NamesPath(servicePort, mesh.Service, c.namespace))
	if err != nil {
		return nil, err
	}
	names, err := envoyadmin.ParseNames(text)
	if err != nil {
		return nil, err
	}
	if text, err = c.Admin(ctx, client, envoyadmin.RoutesPath(servicePort)); err != nil {
		return nil, err
	}
	routes, err := envoyadmin.ParseRoutes(text, mesh.Host(c.namespace, client.Domain))
	if err != nil {
		return nil, err
	}
	return sidecarSymptoms(names, routes, c.namespace, client.Domain), nil
}

// sidecarSymptoms are of names and routes other than the stack's.
func sidecarSymptoms(names []envoyadmin.Name, routes envoyadmin.Routes, namespace, domain string) []timeline.Symptom {
	var all []timeline.Symptom
	tell := func(code, format string, args ...any) {
		all = append(all, timeline.Symptom{Code: code, Detail: fmt.Sprintf(format, args...), Source: "sidecar"})
	}
	own := mesh.EnvoyCluster(namespace, domain)
	has := func(cluster string) bool {
		return slices.ContainsFunc(names, func(n envoyadmin.Name) bool { return n.Cluster == cluster })
	}
	for _, n := range names {
		if n.Cluster == own && n.Statistics != "" {
			tell("statistics-renamed", "the statistics of %s are called %s", own, n.Statistics)
		}
	}
	if !routes.Known {
		tell("no-route", "the sidecar has no virtual host for %s", mesh.Host(namespace, domain))
	}
	for _, cluster := range routes.Clusters {
		to, ok := target.ParseCluster(cluster)
		if !ok || to.String() != mesh.Target(namespace).String() {
			continue // another service
		}
		switch {
		case !has(cluster):
			tell("no-cluster", "its route leads to %s, which it does not have", cluster)
		case to.Subset != "":
			tell("hidden-by-subset", "the route leads to %s", cluster)
		}
	}
	return all
}
