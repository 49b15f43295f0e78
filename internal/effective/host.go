package effective

import (
	"net/netip"
	"strings"
)

// fullHost is the host of a rule as istiod takes it: one without a dot is of the
// rule's own namespace, any other stands as it is. Source: istio
// pilot/pkg/model/config.go, ResolveShortnameToFQDN.
func (m Mesh) fullHost(o Object) string {
	host := o.Spec.GetHost()
	if host == "" || host == "*" || strings.Contains(host, ".") {
		return host
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return host
	}
	return host + "." + o.Namespace + ".svc." + m.domain()
}

// covers is whether a rule's host is for a service's. Source: istio
// pilot/pkg/model/config.go, MostSpecificHostMatch.
func covers(rule, service string) bool {
	if suffix, wild := strings.CutPrefix(rule, "*"); wild {
		return rule == service || strings.HasSuffix(strings.TrimPrefix(service, "*"), suffix)
	}
	return rule == service
}

// mostSpecific is the host that istiod takes of those that cover a service's: that
// very host, or else the longest wildcard.
func mostSpecific(hosts []string, service string) string {
	best := ""
	for _, h := range hosts {
		if h == service {
			return h
		}
		if len(h) > len(best) {
			best = h
		}
	}
	return best
}
