package envoyadmin

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// ErrNoCluster is returned where Envoy does not know the cluster (yet).
var ErrNoCluster = errors.New("envoy has no such cluster")

// Endpoint is one host of a cluster.
type Endpoint struct {
	Address  string // IP:port
	Hostname string // empty where Envoy was told none
	// Ejected is the health flag failed_outlier_check.
	Ejected bool
	// Flags are all health flags that are set, sorted, and the health that the
	// control plane gave where it is not HEALTHY.
	Flags []string
	// Locality is region/zone/subzone, as far as they are set; empty where none is.
	Locality string
	// Requests ended or under way, and how they ended. Envoy counts 5xx as errors.
	Requests, Successes, Errors, Timeouts, Active uint64
}

// ParseClusters reads the endpoints of one cluster, sorted by address, from the
// answer to ClustersPath. It returns ErrNoCluster where the cluster is missing.
func ParseClusters(data []byte, cluster string) ([]Endpoint, error) {
	all, err := ParseSomeClusters(data, func(name string) bool { return name == cluster })
	if err != nil {
		return nil, err
	}
	if endpoints, has := all[cluster]; has {
		return endpoints, nil
	}
	return nil, fmt.Errorf("%w: %q", ErrNoCluster, cluster)
}

// ParseSomeClusters reads the endpoints of those clusters whose names are wanted,
// each sorted by address. Of the others, of which there may be hundreds, it reads
// the name alone. Source of the fields: envoy api/envoy/admin/v3/clusters.proto.
func ParseSomeClusters(data []byte, wanted func(name string) bool) (map[string][]Endpoint, error) {
	var answer struct {
		Statuses []struct {
			Name  string          `json:"name"`
			Hosts json.RawMessage `json:"host_statuses"`
		} `json:"cluster_statuses"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, fmt.Errorf("parsing Envoy's clusters: %w", err)
	}
	some := map[string][]Endpoint{}
	for _, status := range answer.Statuses {
		name := strings.TrimSuffix(status.Name, ";")
		if _, twice := some[name]; twice || !wanted(name) {
			continue
		}
		endpoints, err := parseHosts(status.Hosts)
		if err != nil {
			return nil, fmt.Errorf("parsing Envoy's cluster %q: %w", name, err)
		}
		some[name] = endpoints
	}
	return some, nil
}

func parseHosts(data json.RawMessage) ([]Endpoint, error) {
	var hosts []hostStatus
	if len(data) > 0 {
		if err := json.Unmarshal(data, &hosts); err != nil {
			return nil, err
		}
	}
	endpoints := make([]Endpoint, 0, len(hosts))
	for _, host := range hosts {
		e, err := host.endpoint()
		if err != nil {
			return nil, err
		}
		endpoints = append(endpoints, e)
	}
	slices.SortStableFunc(endpoints, func(a, b Endpoint) int { return strings.Compare(a.Address, b.Address) })
	return endpoints, nil
}

type hostStatus struct {
	Address struct {
		Socket *struct {
			Address string `json:"address"`
			Port    uint32 `json:"port_value"`
		} `json:"socket_address"`
		Pipe *struct {
			Path string `json:"path"`
		} `json:"pipe"`
		Internal *struct {
			Listener string `json:"server_listener_name"`
			Endpoint string `json:"endpoint_id"`
		} `json:"envoy_internal_address"`
	} `json:"address"`
	Hostname string `json:"hostname"`
	Locality struct {
		Region  string `json:"region"`
		Zone    string `json:"zone"`
		SubZone string `json:"sub_zone"`
	} `json:"locality"`
	Stats []struct {
		Name  string `json:"name"`
		Value string `json:"value"` // 64 bits, hence a string; left out at 0
	} `json:"stats"`
	Health map[string]any `json:"health_status"` // flags that are not set are left out
}

func (h hostStatus) endpoint() (Endpoint, error) {
	e := Endpoint{Hostname: h.Hostname, Locality: strings.TrimRight(strings.Join([]string{h.Locality.Region, h.Locality.Zone, h.Locality.SubZone}, "/"), "/")}
	switch {
	case h.Address.Socket != nil:
		e.Address = net.JoinHostPort(h.Address.Socket.Address, strconv.FormatUint(uint64(h.Address.Socket.Port), 10))
	case h.Address.Internal != nil: // HBONE
		e.Address = plainAddress(h.Address.Internal.Endpoint)
	case h.Address.Pipe != nil:
		e.Address = h.Address.Pipe.Path
	}
	counts := map[string]*uint64{"rq_total": &e.Requests, "rq_success": &e.Successes, "rq_error": &e.Errors,
		"rq_timeout": &e.Timeouts, "rq_active": &e.Active}
	for _, stat := range h.Stats {
		count, wanted := counts[stat.Name]
		if !wanted || stat.Value == "" {
			continue
		}
		v, err := strconv.ParseUint(stat.Value, 10, 64)
		if err != nil {
			return Endpoint{}, fmt.Errorf("reading %s of %q: %w", stat.Name, e.Address, err)
		}
		*count = v
	}
	for flag, v := range h.Health {
		switch v := v.(type) {
		case bool:
			if v {
				e.Flags = append(e.Flags, flag)
			}
		case string: // eds_health_status
			if v != "HEALTHY" && v != "UNKNOWN" {
				e.Flags = append(e.Flags, strings.ToLower(v))
			}
		}
	}
	slices.Sort(e.Flags)
	e.Ejected = slices.Contains(e.Flags, "failed_outlier_check")
	return e, nil
}

// plainAddress is IP:port in every form that Envoy has for a host: behind HBONE
// its log says envoy://connect_originate/IP:port, its clusters IP:port alone.
func plainAddress(address string) string {
	if rest, is := strings.CutPrefix(address, "envoy://"); is {
		if _, host, found := strings.Cut(rest, "/"); found {
			return host
		}
	}
	return address
}
