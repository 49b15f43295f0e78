package lint

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	networking "istio.io/api/networking/v1alpha3"
	"sigs.k8s.io/yaml"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/breaker/istiorule"
	"istio-circuit-breaker/internal/lint/linttest"
	"istio-circuit-breaker/internal/mesh/meshtest"
	"istio-circuit-breaker/internal/mesh/meshtest/envoy"

	"github.com/google/go-cmp/cmp"
)

var began = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)

// specOf reads a rule as Istio does, and not as lint.
func specOf(t *testing.T, text string) *networking.DestinationRule {
	t.Helper()
	var o struct {
		Spec json.RawMessage `json:"spec"`
	}
	if err := yaml.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	var spec networking.DestinationRule
	if err := json.Unmarshal(o.Spec, &spec); err != nil {
		t.Fatal(err)
	}
	return &spec
}

// eject has a host of an Envoy answer errors until it is out, and tells after how
// many that was; 0 is never.
func eject(c *envoy.Cluster, at time.Time, host int, book func(time.Time, *envoy.Host)) int {
	for n := range 100 {
		at = at.Add(time.Millisecond)
		h := c.Hosts(at)[host]
		c.Take(at, h)
		book(at, h)
		c.Advance(at)
		if c.Hosts(at)[host].Ejected() {
			return n + 1
		}
	}
	return 0
}

func clusterOf(spec *networking.DestinationRule, pods int) *envoy.Cluster {
	c := envoy.New(began, meshtest.Translated(spec))
	var hosts []envoy.Host
	for i := range pods {
		hosts = append(hosts, envoy.Host{Address: fmt.Sprint(i)})
	}
	c.SetHosts(began, hosts)
	return c
}

// A few hundred rules at random, each in an Envoy that shares nothing with lint:
// what lint says never ejects never does, and everything else does, after as many
// errors and by the detector that lint says.
func TestWhatLintSaysOfARuleIsWhatEnvoyDoes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 11))
	nevers, masked, panicked := 0, 0, 0
	for i := range 600 {
		text, pods := linttest.RandomRule(random, "a"), 1+random.IntN(12)
		l := New(Options{Pods: pods})
		if err := l.Add("a.yaml", []byte(text)); err != nil {
			t.Fatal(err)
		}
		r := l.Report()
		has := func(code string) bool {
			return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Code == code })
		}
		never := slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Never })
		if has(localWithoutSplit) {
			continue
		}
		spec, m := specOf(t, text), r.Rules[0]
		failed := func(format string, a ...any) {
			t.Errorf("rule %d, %d pods: %s\n%s%v", i, pods, fmt.Sprintf(format, a...), text, got(r))
		}
		c := clusterOf(spec, pods)
		answered := eject(c, began, 0, func(at time.Time, h *envoy.Host) { c.Book(at, h, 504) })
		split := clusterOf(spec, pods)
		refused := eject(split, began, 0, split.Refused)
		other := clusterOf(spec, pods)
		eject(other, began, 0, func(at time.Time, h *envoy.Host) { other.Book(at, h, 500) })
		out := answered > 0 || refused > 0 || other.Hosts(began.Add(time.Second))[0].Ejected()
		switch {
		case never == out:
			failed("never ejects: lint says %t, and it ejects: %t", never, out)
		case never:
			nevers++
		case uint32(answered) != m.Errors:
			failed("ejects after %d, lint says %d", answered, m.Errors)
		case answered > 0 && string(m.Detector) != ejector(c):
			failed("ejects by %s, lint says %s", ejector(c), m.Detector)
		}
		if has(maskedBy5xx) {
			masked++
			if ejector(c) == string(breaker.GatewayDetector) {
				failed("the gateway threshold is first, lint says it is not")
			}
		}
		if m.Errors == 0 || never {
			continue
		}
		// All that may be out are, then who is called?
		at := began.Add(2 * time.Second)
		for host := 1; host < pods; host++ {
			eject(c, at, host, func(at time.Time, h *envoy.Host) { c.Book(at, h, 504) })
		}
		if answered == 0 {
			continue
		}
		at = at.Add(2 * time.Second)
		called := false
		for range 200 {
			if h := c.Pick(at); h != nil {
				called = called || h.Ejected()
				c.Cancel(at, h)
			}
		}
		if called != has(panicRouting) {
			failed("calls ejected pods: %t, lint says %t", called, has(panicRouting))
		}
		if called {
			panicked++
		}
	}
	if nevers < 50 || masked < 50 || panicked < 20 {
		t.Errorf("%d rules never eject, %d are masked, %d panic: too few to tell", nevers, masked, panicked)
	}
}

// ejector is the detector of an Envoy's first ejection.
func ejector(c *envoy.Cluster) string {
	for _, s := range c.Stats(began.Add(time.Second)) {
		if by, is := strings.CutPrefix(s.Name, "outlier_detection.ejections_enforced_consecutive_"); is && s.Value > 0 {
			return "consecutive_" + by
		}
	}
	return ""
}

// Lint reads fields from the text, to know their lines; the values are the same as
// Istio's own types have.
func TestABlockIsReadAsIstioReadsIt(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 11))
	for range 200 {
		text := linttest.RandomRule(random, "a")
		l := New(Options{})
		if err := l.Add("a.yaml", []byte(text)); err != nil {
			t.Fatal(err)
		}
		if len(l.rules) != 1 || len(l.rules[0].blocks) != 1 {
			t.Fatalf("got %d rules", len(l.rules))
		}
		want := istiorule.FromDestinationRule(specOf(t, text))
		if diff := cmp.Diff(want, l.rules[0].blocks[0].rule); diff != "" {
			t.Errorf("%s(-Istio's types +lint):\n%s", text, diff)
		}
	}
}
