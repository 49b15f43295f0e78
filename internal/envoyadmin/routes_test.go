package envoyadmin

import (
	"slices"
	"testing"
)

const service = "servicex-service.circuit-breaker.svc.cluster.local"

func TestRoutesOfAHostAreThoseOfTheSidecar(t *testing.T) {
	tests := []struct {
		name, file, host string
		want             Routes
	}{
		{"to a subset", "subset.routes.json", service, Routes{Known: true, Clusters: []string{"outbound|80|all|" + service}}},
		{"to a subset that is not declared", "undeclared-subset.routes.json", service, Routes{Known: true, Clusters: []string{"outbound|80|nowhere|" + service}}},
		{"by the short name", "subset.routes.json", "servicex-service", Routes{Known: true, Clusters: []string{"outbound|80|all|" + service}}},
		{"of a host that is not there", "subset.routes.json", "other-service", Routes{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseRoutes(captured(t, tt.file), tt.host)
			if err != nil || got.Known != tt.want.Known || !slices.Equal(got.Clusters, tt.want.Clusters) {
				t.Errorf("got %+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
}

func TestEachClusterOfWeightedRoutesIsToldOnce(t *testing.T) {
	got, err := ParseRoutes([]byte(`{"configs":[{"route_config":{"virtual_hosts":[{"domains":["a"],"routes":[
		{"route":{"weighted_clusters":{"clusters":[{"name":"v1"},{"name":"v2"}]}}},{"route":{"cluster":"v1"}},{"redirect":{}}]}]}}]}`), "a")
	if want := []string{"v1", "v2"}; err != nil || !slices.Equal(got.Clusters, want) {
		t.Errorf("got %+v, %v; want %q", got, err, want)
	}
}

func TestClustersAreNamedWithTheirStatistics(t *testing.T) {
	got, err := ParseNames(captured(t, "subset.names.json"))
	if want := []Name{{Cluster: "outbound|80|all|" + service}, {Cluster: "outbound|80||" + service}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	got, err = ParseNames([]byte(`{"configs":[{"cluster":{"name":"c","alt_stat_name":"mine;"}}]}`))
	if want := []Name{{Cluster: "c", Statistics: "mine"}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func FuzzParseRoutes(f *testing.F) {
	for _, name := range []string{"subset.routes.json", "undeclared-subset.routes.json", "subset.names.json"} {
		f.Add(captured(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseRoutes(data, service)
		if err != nil && r.Known || !r.Known && len(r.Clusters) > 0 {
			t.Errorf("got %+v, %v", r, err)
		}
		if names, err := ParseNames(data); err != nil && names != nil {
			t.Errorf("got %+v, %v", names, err)
		}
	})
}
