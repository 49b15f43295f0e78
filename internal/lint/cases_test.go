package lint

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	networking "istio.io/api/networking/v1alpha3"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/effective"
	"istio-circuit-breaker/internal/lint/linttest"
	"istio-circuit-breaker/internal/mesh/meshtest/envoy"
)

// specOfRule is a rule as Istio has it.
func specOfRule(r breaker.Rule) *networking.DestinationRule {
	o := &networking.OutlierDetection{Interval: durationpb.New(r.Sweep()), BaseEjectionTime: durationpb.New(r.Base()), MaxEjectionPercent: r.MaxEjectionPercent,
		MinHealthPercent: r.MinHealthPercent, SplitExternalLocalOriginErrors: r.SplitLocal}
	for _, n := range []struct {
		from *uint32
		to   **wrapperspb.UInt32Value
	}{{r.ConsecutiveGatewayErrors, &o.ConsecutiveGatewayErrors}, {r.Consecutive5xxErrors, &o.Consecutive_5XxErrors}, {r.ConsecutiveLocal, &o.ConsecutiveLocalOriginFailures}} {
		if n.from != nil {
			*n.to = wrapperspb.UInt32(*n.from)
		}
	}
	return &networking.DestinationRule{TrafficPolicy: &networking.TrafficPolicy{OutlierDetection: o}}
}

// ejects is whether an Envoy ejects a host that fails in some way.
func ejects(r breaker.Rule, hosts int) bool {
	if hosts == 0 || !r.Enabled || r.Balancer == passthrough {
		return false
	}
	for _, fail := range []func(*envoy.Cluster, time.Time, *envoy.Host){
		func(c *envoy.Cluster, at time.Time, h *envoy.Host) { c.Book(at, h, 504) },
		func(c *envoy.Cluster, at time.Time, h *envoy.Host) { c.Book(at, h, 500) },
		func(c *envoy.Cluster, at time.Time, h *envoy.Host) { c.Refused(at, h) },
	} {
		c := clusterOf(specOfRule(r), hosts)
		if eject(c, began, 0, func(at time.Time, h *envoy.Host) { fail(c, at, h) }) > 0 {
			return true
		}
	}
	return false
}

// neverAt is whether a report says that nothing is ejected on a way to a host.
func neverAt(r Report, rule *destinationRule, subset, port string) bool {
	b := rule.blockOf(subset, port)
	if b == nil {
		return true
	}
	return slices.ContainsFunc(r.Findings, func(f Finding) bool {
		below, own := strings.CutPrefix(f.Field, b.path)
		switch heir, inherits := slices.IndexFunc(rule.heirs, func(h heir) bool { return h.subset == subset && h.block == b }), false; {
		case heir >= 0:
			_, inherits = strings.CutPrefix(f.Field, rule.heirs[heir].path)
			// A share of all pods is not that of the subset's.
			return inherits && f.Severity == Error && !strings.Contains(f.Field, "portLevel") || own && f.Never && f.Code != noneEjectable
		default:
			return own && f.Never && (below == "" || below[0] == '.')
		}
	})
}

// Rules at random with subsets, ports, balancers and services of each kind: on the way
// that a caller takes lint has the block that internal/effective has, and says that
// nothing is ejected where an Envoy with that never ejects.
func TestWhatLintSaysOfAWayIsWhatEnvoyDoes(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 11))
	nevers, inherited := map[string]int{}, 0
	for i := range 2000 {
		c := linttest.RandomCase(random, "a")
		l := New(Options{})
		if err := l.Add("a.yaml", []byte(c.Text)); err != nil {
			t.Fatal(err)
		}
		r, rule := l.Report(), l.rules[0]
		if slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Code == localWithoutSplit }) {
			continue
		}
		// Lint says of a subset what it has where the rule has no entry for the port.
		spec := specOf(t, c.Rule)
		if c.Subset != "" && c.Port == 81 && len(spec.GetTrafficPolicy().GetPortLevelSettings()) > 0 {
			continue
		}
		port := map[uint32]string{80: "80", 81: "81"}[c.Port]
		has := effective.Compute([]effective.Object{{Namespace: "default", Name: "a", Spec: spec}}, effective.Mesh{}, effective.Caller{Namespace: "default"},
			effective.Service{Host: l.fullHost(rule.host, rule.object), Namespace: "default", Port: c.Port, Subset: c.Subset}).Rule
		b := rule.blockOf(c.Subset, port)
		if (b != nil) != has.Enabled {
			t.Fatalf("case %d, subset %q, port %s: lint has a block: %t, a sidecar has %+v\n%s", i, c.Subset, port, b != nil, has, c.Text)
		}
		never := neverAt(r, rule, c.Subset, port)
		if ejects := ejects(has, c.Hosts); never == ejects {
			t.Errorf("case %d, subset %q, port %s, %d hosts: lint says never: %t, it ejects: %t: %+v\n%s%s", i, c.Subset, port, c.Hosts, never, ejects, has, c.Text, strings.Join(got(r), "\n"))
		}
		if b == nil {
			continue
		}
		if b.subset != c.Subset {
			inherited++
		}
		if never {
			for _, f := range r.Findings {
				nevers[f.Code]++
			}
		}
	}
	for _, code := range []string{noneEjectable, stickyBalancer, noPodsToChoose, noThreshold} {
		if nevers[code] < 30 {
			t.Errorf("%s: only %d", code, nevers[code])
		}
	}
	if inherited < 200 {
		t.Errorf("only %d subsets inherit", inherited)
	}
}
