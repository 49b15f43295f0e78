package rulefile

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"
)

// take makes of a spec the policy of ServiceX's port, and refuses what cannot hold
// there, all at once.
func (r *Rule) take(spec *networking.DestinationRule) error {
	var errs []error
	refuse := func(field, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", field, fmt.Sprintf(format, args...)))
	}
	note := func(format string, args ...any) { r.Notes = append(r.Notes, fmt.Sprintf(format, args...)) }
	for _, s := range spec.GetSubsets() {
		if s.GetTrafficPolicy() != nil {
			refuse(fmt.Sprintf("subsets %q: trafficPolicy", s.GetName()), "no route leads to a subset of ServiceX, so that it would hold for nobody")
			continue
		}
		note("Subset %q is left out: no route leads to a subset of ServiceX.", s.GetName())
	}
	if spec.GetWorkloadSelector() != nil {
		refuse("workloadSelector", "it chooses callers of yours, and ServiceX's caller is none of them")
	}
	if len(spec.GetExportTo()) > 0 {
		note("exportTo is left out: ServiceX's caller is in the rule's namespace.")
	}
	policy := &networking.TrafficPolicy{}
	if p := spec.GetTrafficPolicy(); p != nil {
		policy = proto.CloneOf(p)
	}
	for _, p := range policy.GetPortLevelSettings() {
		if n := p.GetPort().GetNumber(); n != Port {
			refuse(fmt.Sprintf("trafficPolicy.portLevelSettings of port %d", n), "ServiceX's Service has port %d alone", Port)
			continue
		}
		// A port's settings replace the host's, also by what they leave out. Source:
		// istio pilot/pkg/networking/core/cluster_traffic_policy.go,
		// selectTrafficPolicyComponents.
		policy.ConnectionPool, policy.LoadBalancer, policy.OutlierDetection, policy.Tls = p.GetConnectionPool(), p.GetLoadBalancer(), p.GetOutlierDetection(), p.GetTls()
		note("ServiceX has port %d alone, and there portLevelSettings replace the settings of the host.", Port)
	}
	policy.PortLevelSettings = nil
	errs = append(errs, impossible(policy)...)
	if policy.GetOutlierDetection() == nil && len(errs) == 0 {
		refuse("trafficPolicy.outlierDetection", "it has none, so that there is no breaker to try")
	}
	r.Policy = policy
	return errors.Join(errs...)
}

// impossible is what no policy of a plain HTTP service in the mesh can have.
func impossible(policy *networking.TrafficPolicy) []error {
	var errs []error
	refuse := func(field, why string) { errs = append(errs, fmt.Errorf("trafficPolicy.%s: %s", field, why)) }
	switch mode := policy.GetTls().GetMode(); mode {
	case networking.ClientTLSSettings_SIMPLE, networking.ClientTLSSettings_MUTUAL:
		refuse("tls.mode "+mode.String(), "ServiceX's pods speak the mesh's own TLS or none; every request would fail")
	}
	if policy.GetTunnel() != nil {
		refuse("tunnel", "ServiceX is no proxy that a tunnel could end at")
	}
	if policy.GetProxyProtocol() != nil {
		refuse("proxyProtocol", "ServiceX does not understand it; every request would fail")
	}
	if policy.GetLoadBalancer().GetSimple() == networking.LoadBalancerSettings_PASSTHROUGH {
		refuse("loadBalancer.simple PASSTHROUGH", "Envoy then has no pods to choose from, and ejects none")
	}
	return errs
}

// Announced says which rule is tried, and on what host in place of its own.
func (r Rule) Announced(host string) string {
	text := fmt.Sprintf("DestinationRule %q of host %q is put on %q.", r.Name, r.Host, host)
	return strings.Join(append([]string{text}, r.Notes...), " ")
}
