package meshtest

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"istio-circuit-breaker/internal/mesh/meshtest/envoy"
	"istio-circuit-breaker/internal/timeline"
)

const (
	// apart is how far a decision may lie from the recorded one: an answer ends a
	// little later at its caller than it is booked.
	apart = 60 * time.Millisecond
	// The moments of the sweeps are not recorded, so a return may come up to an
	// interval before the recorded one; by no more than this after it.
	lateReturn = 10 * time.Millisecond
)

// decision is one ejection, or return, of a pod. Errors in a row before an
// ejection are 0 where the recording does not say.
type decision struct {
	pod    string
	out    bool
	at     time.Time
	errors int
}

// Each recording is of a real Envoy; docs/run.jsonl of 1.40.
func TestTheSimulatedEnvoyDecidesAsRealOnesDid(t *testing.T) {
	files, err := filepath.Glob("testdata/*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "../../../docs/run.jsonl") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			entries := readAll(t, file)
			want := recorded(entries)
			got, counted := replayed(t, entries)
			if len(want) == 0 {
				t.Fatal("the recording has no ejection")
			}
			if len(got) != len(want) {
				t.Fatalf("got %v, want %v", got, want)
			}
			for name, want := range lastCounted(entries) {
				if counted[name] != want {
					t.Errorf("%s: got %d, want %d", name, counted[name], want)
				}
			}
			interval := config(t, entries).Outlier.Interval
			for i, w := range want {
				g, early := got[i], apart
				late := apart
				if !w.out {
					early, late = interval+apart, lateReturn
				}
				// At a pod's first ejection one answer came after the other; later
				// ones come of a burst, of which several end in the decision's
				// millisecond.
				first := !slices.ContainsFunc(want[:i], func(o decision) bool { return o.pod == w.pod })
				if w.errors > 0 && (first && g.errors != w.errors || g.errors > w.errors) {
					t.Errorf("decision %d: after %d errors, want %d", i, g.errors, w.errors)
				}
				if d := g.at.Sub(w.at); g.pod != w.pod || g.out != w.out || d < -early || d > late {
					t.Errorf("decision %d: got %+v, want %+v (%s later)", i, g, w, d)
				}
			}
		})
	}
}

func readAll(t *testing.T, file string) []timeline.Entry {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	entries, err := timeline.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// config is the cluster's: what the sidecar had, or what Istio makes of the rule
// where the recording does not say.
func config(t *testing.T, entries []timeline.Entry) envoy.Config {
	t.Helper()
	for _, e := range entries {
		if e.Header == nil {
			continue
		}
		if has := e.Header.Sidecar; has != nil && has.Outlier != nil {
			o := *has.Outlier
			return envoy.Config{Balancer: has.Balancer, PanicPercent: has.PanicPercent, MergeWindow: envoy.DefaultMergeWindow, Outlier: &envoy.Outlier{
				Gateway: o.Gateway, EnforcingGateway: o.EnforcingGateway, Any5xx: o.Any5xx, Enforcing5xx: o.Enforcing5xx, Local: o.Local, EnforcingLocal: o.EnforcingLocal,
				Split: o.Split, Interval: o.Interval, BaseEjectionTime: o.BaseEjectionTime, MaxEjectionTime: o.MaxEjectionTime, Jitter: o.Jitter,
				MaxEjectionPercent: o.MaxEjectionPercent, AlwaysEjectOne: o.AlwaysEjectOne}}
		}
		return translated(Rule(e.Header.Rule).Spec())
	}
	t.Fatal("the recording has no header")
	return envoy.Config{}
}

// recorded are the decisions by Envoy's own clock, each once.
func recorded(entries []timeline.Entry) []decision {
	var all []decision
	add := func(d decision) {
		same := func(o decision) bool { return o.pod == d.pod && o.out == d.out && o.at.Equal(d.at) }
		switch i := slices.IndexFunc(all, same); {
		case d.at.IsZero():
		case i < 0:
			all = append(all, d)
		case d.errors > 0:
			all[i].errors = d.errors
		}
	}
	for _, e := range entries {
		if o := e.Outlier; o != nil && (o.Enforced || !o.Ejected) {
			add(decision{pod: o.Pod, out: o.Ejected, at: o.Decided})
		}
		if e.Event == nil {
			continue
		}
		what := e.Event.Kind
		if what == timeline.Confirmed {
			what = timeline.EventKind(e.Event.Detail)
		}
		switch what {
		case timeline.PodEjected:
			d := decision{pod: e.Event.Pod, out: true, at: e.Event.Decided}
			if !e.Event.AtLeast {
				d.errors = e.Event.Errors
			}
			add(d)
		case timeline.PodReturned:
			add(decision{pod: e.Event.Pod, at: e.Event.Decided})
		}
	}
	slices.SortFunc(all, func(a, b decision) int { return a.at.Compare(b.at) })
	return all
}

// replayed are the decisions and the counters of the simulated Envoy, which is
// given each answer of the recording at its end.
func replayed(t *testing.T, entries []timeline.Entry) ([]decision, map[string]uint64) {
	t.Helper()
	type step struct {
		at time.Time
		do func(*envoy.Cluster)
	}
	var steps []step
	names := map[string]string{}                               // by address
	addresses, inARow := map[string]string{}, map[string]int{} // by name, by address
	for _, e := range entries {
		switch {
		case e.Snapshot != nil:
			var hosts []envoy.Host
			for _, p := range e.Snapshot.Pods {
				if p.Address == "" || p.State == timeline.Terminating {
					continue
				}
				names[p.Address], addresses[p.Name] = p.Name, p.Address
				hosts = append(hosts, envoy.Host{Address: p.Address})
			}
			steps = append(steps, step{e.Time, func(c *envoy.Cluster) {
				if len(hosts) != len(c.Hosts(e.Time)) {
					c.SetHosts(e.Time, hosts)
				}
			}})
		case e.Answer != nil && e.Answer.Pod != "" && e.Answer.Code > 0:
			end, a := e.Time.Add(e.Answer.Latency), *e.Answer
			steps = append(steps, step{end, func(c *envoy.Cluster) {
				for _, h := range c.Hosts(end) {
					if h.Address == addresses[a.Pod] {
						c.Take(end, h)
						c.Book(end, h, a.Code)
						if inARow[h.Address]++; !timeline.GatewayError(a.Code) {
							inARow[h.Address] = 0
						}
					}
				}
			}})
		}
	}
	for _, d := range recorded(entries) {
		if !d.out {
			steps = append(steps, step{d.at, func(c *envoy.Cluster) { c.Sweep(d.at) }})
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return a.at.Compare(b.at) })
	c := envoy.New(steps[0].at, config(t, entries))
	var all []decision
	for _, s := range steps {
		s.do(c)
		for _, e := range c.Events(s.at) {
			switch {
			case e.Ejected && e.Enforced:
				all = append(all, decision{names[e.Host], true, e.At, inARow[e.Host]})
			case !e.Ejected:
				all = append(all, decision{names[e.Host], false, e.At, 0})
				inARow[e.Host] = 0
			}
		}
	}
	counted := map[string]uint64{}
	for _, stat := range c.Stats(steps[len(steps)-1].at) {
		counted[stat.Name] = stat.Value
	}
	return all, counted
}

// lastCounted are the counters in the last look.
func lastCounted(entries []timeline.Entry) map[string]uint64 {
	var last timeline.Counters
	for _, e := range entries {
		if e.Snapshot != nil {
			last = e.Snapshot.Counters
		}
	}
	const prefix = "outlier_detection.ejections_"
	return map[string]uint64{prefix + "enforced_total": last.EnforcedTotal, prefix + "enforced_consecutive_gateway_failure": last.EnforcedGateway,
		prefix + "detected_consecutive_gateway_failure": last.DetectedGateway, prefix + "enforced_consecutive_5xx": last.Enforced5xx, prefix + "overflow": last.Overflow}
}
