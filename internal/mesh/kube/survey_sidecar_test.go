package kube

import (
	"slices"
	"testing"

	"istio-circuit-breaker/internal/envoyadmin"
	"istio-circuit-breaker/internal/mesh"
)

func TestWhereTheSidecarSendsRequestsIsLookedAt(t *testing.T) {
	const own, v1 = "outbound|80||servicex-service.circuit-breaker.svc.cluster.local", "outbound|80|v1|servicex-service.circuit-breaker.svc.cluster.local"
	tests := []struct {
		name   string
		names  []envoyadmin.Name
		routes envoyadmin.Routes
		want   []string
	}{
		{"to the service", []envoyadmin.Name{{Cluster: own}}, envoyadmin.Routes{Known: true, Clusters: []string{own}}, nil},
		{"to the service beside a subset that nobody calls", []envoyadmin.Name{{Cluster: own}, {Cluster: v1}}, envoyadmin.Routes{Known: true, Clusters: []string{own}}, nil},
		{"to a subset", []envoyadmin.Name{{Cluster: own}, {Cluster: v1}}, envoyadmin.Routes{Known: true, Clusters: []string{v1}}, []string{"hidden-by-subset"}},
		{"to a subset that is not declared", []envoyadmin.Name{{Cluster: own}}, envoyadmin.Routes{Known: true, Clusters: []string{v1}}, []string{"no-cluster"}},
		{"to another service", []envoyadmin.Name{{Cluster: own}}, envoyadmin.Routes{Known: true, Clusters: []string{"outbound|80||other.circuit-breaker.svc.cluster.local"}}, nil},
		{"nowhere", []envoyadmin.Name{{Cluster: own}}, envoyadmin.Routes{}, []string{"no-route"}},
		{"with statistics of another name", []envoyadmin.Name{{Cluster: own, Statistics: "servicex"}}, envoyadmin.Routes{Known: true, Clusters: []string{own}}, []string{"statistics-renamed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := codes(sidecarSymptoms(tt.names, tt.routes, mesh.Namespace, "")); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
