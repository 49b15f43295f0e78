// Package target names what is looked at, whosever it is: a service's port and
// subset, who calls it, and the clusters that a caller's Envoy has of it.
package target

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Domain of a cluster that nobody gave another.
const Domain = "cluster.local"

// Target is a service as its callers see it.
type Target struct {
	Service, Namespace string
	// Port is the Service's, not the pods'; 0 is every port.
	Port uint32
	// Subset is a DestinationRule's; empty is the host as a whole, and in a
	// question any.
	Subset string
	// Domain of the cluster; empty is whichever a caller has.
	Domain string
}

// Parse reads NAME, NAME.NAMESPACE or a full host, NAME.NAMESPACE.svc.DOMAIN. A
// name alone is of the namespace given.
func Parse(text, namespace string) (Target, error) {
	parts := strings.SplitN(text, ".", 4)
	t := Target{Service: parts[0], Namespace: namespace}
	if len(parts) > 1 {
		t.Namespace = parts[1]
	}
	if len(parts) > 3 {
		t.Domain = parts[3]
	}
	if len(validation.IsDNS1035Label(t.Service)) > 0 || len(validation.IsDNS1123Label(t.Namespace)) > 0 ||
		len(parts) > 2 && parts[2] != "svc" || len(parts) > 3 && len(validation.IsDNS1123Subdomain(t.Domain)) > 0 {
		return Target{}, fmt.Errorf("%q: must be NAME, NAME.NAMESPACE or NAME.NAMESPACE.svc.DOMAIN", text)
	}
	return t, nil
}

// String is the service as users name it.
func (t Target) String() string { return t.Service + "." + t.Namespace }

// Host is the service's full name.
func (t Target) Host() string {
	domain := t.Domain
	if domain == "" {
		domain = Domain
	}
	return t.String() + ".svc." + domain
}

// Cluster is the service's cluster as a caller's Envoy names it.
func (t Target) Cluster() string {
	return strings.Join([]string{outbound, strconv.FormatUint(uint64(t.Port), 10), t.Subset, t.Host()}, "|")
}

const outbound = "outbound"

// ParseCluster reads Envoy's name of a service's cluster; false for all others.
func ParseCluster(name string) (Target, bool) {
	parts := strings.Split(name, "|")
	if len(parts) != 4 || parts[0] != outbound {
		return Target{}, false
	}
	port, err := strconv.ParseUint(parts[1], 10, 16)
	host := strings.SplitN(parts[3], ".", 4)
	if err != nil || len(host) != 4 || host[2] != "svc" {
		return Target{}, false
	}
	return Target{Service: host[0], Namespace: host[1], Port: uint32(port), Subset: parts[2], Domain: host[3]}, true
}

// Has is whether Envoy's cluster is one of the target's.
func (t Target) Has(cluster string) bool {
	c, ok := ParseCluster(cluster)
	return ok && c.Service == t.Service && c.Namespace == t.Namespace && (t.Port == 0 || c.Port == t.Port) &&
		(t.Subset == "" || c.Subset == t.Subset) && (t.Domain == "" || c.Domain == t.Domain)
}

// ClustersPath is the admin path of the endpoints of the target's clusters. An
// Envoy before 1.38 knows no filter and answers with all clusters (envoy#43407).
func (t Target) ClustersPath() string {
	port, subset, domain := `[0-9]+`, `[^|]*`, `[^|]+`
	if t.Port != 0 {
		port = strconv.FormatUint(uint64(t.Port), 10)
	}
	if t.Subset != "" {
		subset = regexp.QuoteMeta(t.Subset)
	}
	if t.Domain != "" {
		domain = regexp.QuoteMeta(t.Domain)
	}
	filter := `^outbound\|` + port + `\|` + subset + `\|` + regexp.QuoteMeta(t.String()) + `\.svc\.` + domain + `$`
	return "/clusters?format=json&filter=" + url.QueryEscape(filter)
}
