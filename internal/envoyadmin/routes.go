package envoyadmin

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// RoutesPath is the admin path of the routes for a port, for ParseRoutes. Istio
// names them after the port, with a host before it where a Service is headless.
func RoutesPath(port int) string {
	return "/config_dump?resource=dynamic_route_configs&name_regex=" + url.QueryEscape(fmt.Sprintf("(.*:)?%d", port))
}

// Routes is where a sidecar sends requests for one host.
type Routes struct {
	// Known is false where no virtual host is for the host.
	Known bool
	// Clusters that its routes lead to, each once, in the order of the routes.
	Clusters []string
}

// ParseRoutes reads the routes of a host from the answer to RoutesPath.
func ParseRoutes(data []byte, host string) (Routes, error) {
	var dump struct {
		Configs []struct {
			Config struct {
				Hosts []virtualHost `json:"virtual_hosts"`
			} `json:"route_config"`
		} `json:"configs"`
	}
	if err := json.Unmarshal(data, &dump); err != nil {
		return Routes{}, fmt.Errorf("parsing Envoy's routes: %w", err)
	}
	var r Routes
	for _, c := range dump.Configs {
		for _, v := range c.Config.Hosts {
			if !slices.Contains(v.Domains, host) {
				continue
			}
			r.Known = true
			for _, cluster := range v.clusters() {
				if !slices.Contains(r.Clusters, cluster) {
					r.Clusters = append(r.Clusters, cluster)
				}
			}
		}
	}
	return r, nil
}

// virtualHost is of envoy api/envoy/config/route/v3/route_components.proto.
type virtualHost struct {
	Domains []string `json:"domains"`
	Routes  []struct {
		Route struct {
			Cluster  string `json:"cluster"`
			Weighted struct {
				Clusters []struct {
					Name string `json:"name"`
				} `json:"clusters"`
			} `json:"weighted_clusters"`
		} `json:"route"`
	} `json:"routes"`
}

func (v virtualHost) clusters() []string {
	var all []string
	for _, r := range v.Routes {
		if r.Route.Cluster != "" {
			all = append(all, r.Route.Cluster)
		}
		for _, c := range r.Route.Weighted.Clusters {
			all = append(all, c.Name)
		}
	}
	return all
}

// NamesPath is the admin path of all clusters of a service in a namespace,
// whatever its subset and DNS domain, for ParseNames.
func NamesPath(port int, service, namespace string) string {
	return "/config_dump?resource=dynamic_active_clusters&name_regex=" +
		url.QueryEscape(fmt.Sprintf(`outbound\|%d\|[^|]*\|%s\.%s\..*`, port, regexp.QuoteMeta(service), regexp.QuoteMeta(namespace)))
}

// Name is what a cluster and its statistics are called.
type Name struct {
	Cluster string
	// Statistics is alt_stat_name; empty where they are called as the cluster.
	Statistics string
}

// ParseNames reads the clusters from the answer to NamesPath.
func ParseNames(data []byte) ([]Name, error) {
	var dump struct {
		Configs []struct {
			Cluster struct {
				Name       string `json:"name"`
				Statistics string `json:"alt_stat_name"`
			} `json:"cluster"`
		} `json:"configs"`
	}
	if err := json.Unmarshal(data, &dump); err != nil {
		return nil, fmt.Errorf("parsing the names of Envoy's clusters: %w", err)
	}
	var all []Name
	for _, c := range dump.Configs {
		// Istio ends the name of statistics with its delimiter.
		n := Name{Cluster: strings.TrimSuffix(c.Cluster.Name, ";"), Statistics: strings.TrimSuffix(c.Cluster.Statistics, ";")}
		if n.Statistics == n.Cluster {
			n.Statistics = ""
		}
		all = append(all, n)
	}
	return all, nil
}
