package effective

import (
	networking "istio.io/api/networking/v1alpha3"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/breaker/istiorule"
)

// Result is what a caller's Envoy has for a host, a port and a subset.
type Result struct {
	// Rule is zero where nothing says anything: no outlier detection, and the
	// mesh's balancer.
	Rule breaker.Rule
	// Fields are the values in force, and where each comes from.
	Fields []Field
	// Objects are the DestinationRules that istiod merged into the one of the
	// cluster, the leading one first.
	Objects []string
	// Policy is the host's policy in force: a trafficPolicy, or its entry for the port;
	// zero where no rule has one.
	Policy Origin
	// Subset is where the subset is declared; zero without one.
	Subset Origin
	// NoCluster is true where the subset is declared by no rule that the caller has:
	// its Envoy has no cluster of the name, and answers 503 with flag NC.
	NoCluster bool
	// Considered are all the rules that were given, those in force first, then the
	// parts of those in force that do not hold.
	Considered []Considered
	// TLS is the tls block in force; nil is left to Istio.
	TLS *networking.ClientTLSSettings
}

// Compute is what a caller has for a service. The rules are those of all
// namespaces, in any order.
func Compute(rules []Object, mesh Mesh, caller Caller, service Service) Result {
	return Prepare(rules, mesh).Compute(caller, service)
}

// Compute is what a caller has for a service.
func (p *Prepared) Compute(caller Caller, service Service) Result {
	l, mesh := &lookup{Prepared: p, caller: caller, service: service, why: make(map[int]Considered, len(p.rules))}, p.mesh
	candidates := l.candidates()
	found, at := l.find(candidates)
	chosen := l.choose(found)
	l.settleChosen(chosen)
	l.settleFound(found, chosen)
	l.settleRest(candidates, at, len(found) > 0)

	of := layered(chosen, mesh, service)
	r := Result{Objects: chosen.names(), Policy: of.policy}
	subset := chosen.subset(service.Subset)
	if subset != nil {
		r.Subset = Origin{Object: subset.of.String(), Path: subset.path}
	}
	if service.Subset != "" && subset == nil {
		r.NoCluster = true
	} else {
		r.Rule = of.rule(mesh)
		r.Fields = of.fields(mesh, r.Rule)
		r.TLS = of.now.tls.value
	}
	for _, inForce := range []bool{true, false} {
		for i := range l.rules {
			if c := l.why[i]; (c.Code == InForce) == inForce {
				r.Considered = append(r.Considered, c)
			}
		}
	}
	r.Considered = append(r.Considered, of.hidden...)
	return r
}

// Why is what is said of a rule as a whole, named by namespace/name.
func (r Result) Why(object string) (Considered, bool) {
	for _, c := range r.Considered {
		if c.Object == object && c.Path == "" {
			return c, true
		}
	}
	return Considered{}, false
}

// rule is the blocks that hold, as one.
func (l *layers) rule(mesh Mesh) breaker.Rule {
	r := istiorule.FromDestinationRule(&networking.DestinationRule{TrafficPolicy: &networking.TrafficPolicy{
		OutlierDetection: l.now.outlier.value, LoadBalancer: l.now.balancer.value}})
	if l.through != nil {
		r.Balancer = networking.LoadBalancerSettings_PASSTHROUGH.String()
	}
	// The rule's setting, if there is one at all, comes before the mesh's.
	own := l.now.balancer.value.GetLocalityLbSetting() != nil || l.now.balancer.value.GetZoneAwareLbSetting() != nil
	off, spread := mesh.Locality()
	if off && r.Locality == nil {
		r.Locality = new(own)
	}
	r.Spread = r.Spread || spread && !own
	return r
}

func (m *merged) names() []string {
	if m == nil {
		return nil
	}
	var all []string
	for _, o := range m.from {
		all = append(all, o.String())
	}
	return all
}
