package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/envoyadmin"
	"istio-circuit-breaker/internal/mesh"
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
	routes, err := envoyadmin.ParseRoutes(text, mesh.Host(c.namespace))
	if err != nil {
		return nil, err
	}
	return sidecarSymptoms(names, routes, c.namespace), nil
}

// sidecarSymptoms are of names and routes other than the stack's.
func sidecarSymptoms(names []envoyadmin.Name, routes envoyadmin.Routes, namespace string) []timeline.Symptom {
	var all []timeline.Symptom
	tell := func(code, format string, args ...any) {
		all = append(all, timeline.Symptom{Code: code, Detail: fmt.Sprintf(format, args...), Source: "sidecar"})
	}
	own := mesh.EnvoyCluster(namespace)
	has := func(cluster string) bool {
		return slices.ContainsFunc(names, func(n envoyadmin.Name) bool { return n.Cluster == cluster })
	}
	for _, n := range names {
		if n.Cluster == own && n.Statistics != "" {
			tell("statistics-renamed", "the statistics of %s are called %s", own, n.Statistics)
		}
	}
	if !routes.Known {
		tell("no-route", "the sidecar has no virtual host for %s", mesh.Host(namespace))
	}
	for _, cluster := range routes.Clusters {
		parts := strings.Split(cluster, "|") // direction, port, subset, host
		if len(parts) != 4 || !strings.HasPrefix(parts[3], mesh.Service+"."+namespace+".") {
			continue // another service
		}
		switch {
		case !has(cluster):
			tell("no-cluster", "its route leads to %s, which it does not have", cluster)
		case parts[2] != "":
			tell("hidden-by-subset", "the route leads to %s", cluster)
		}
	}
	return all
}
