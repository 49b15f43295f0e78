package meshtest

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"istio-circuit-breaker/internal/mesh/meshtest/envoy"
	"istio-circuit-breaker/internal/timeline"
)

// What a recording of a real Envoy and the simulation may differ by: an answer's
// end is the client's, a little after Envoy booked it.
const near = 50 * time.Millisecond

// recordings of real Envoys, by the client's sidecar.
func recordings(t *testing.T) []string {
	t.Helper()
	more, err := filepath.Glob("testdata/*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	return append(more, "../../../docs/run.jsonl")
}

// turn is one way out or back, as Envoy decided it.
type turn struct {
	at  time.Time
	pod string
	out bool
}

func (a turn) same(b turn) bool { return a.pod == b.pod && a.out == b.out }

// decided are Envoy's own times of what it decided: the lines of its log, or in
// a recording of version 1 the events that were made of them.
func decided(entries []timeline.Entry) []turn {
	var all []turn
	for _, e := range entries {
		switch {
		case e.Outlier != nil && (e.Outlier.Enforced || !e.Outlier.Ejected):
			all = append(all, turn{e.Outlier.Decided, e.Outlier.Pod, e.Outlier.Ejected})
		case entries[0].Header.Version == 1 && e.Event != nil && !e.Event.Decided.IsZero():
			all = append(all, turn{e.Event.Decided, e.Event.Pod, e.Event.Kind == timeline.PodEjected || e.Event.Detail == "ejected"})
		}
	}
	slices.SortStableFunc(all, func(a, b turn) int { return a.at.Compare(b.at) })
	return slices.Compact(all)
}

// sweeps are the times at which Envoy looked for hosts to return. Its timer is
// armed anew after each sweep and so is a little late each time: they are counted
// from the returns that it decided, back from the first and on from each.
func sweeps(all []turn, interval time.Duration, from, to time.Time) []time.Time {
	var at []time.Time
	for _, t := range all {
		if t.out {
			continue
		}
		if len(at) == 0 {
			for before := t.at; before.After(from); before = before.Add(-interval) {
				at = append(at, before)
			}
			slices.Reverse(at)
			continue
		}
		for next := at[len(at)-1].Add(interval); t.at.Sub(next) > interval/2; next = next.Add(interval) {
			at = append(at, next)
		}
		at = append(at, t.at)
	}
	for len(at) > 0 && at[len(at)-1].Before(to) {
		at = append(at, at[len(at)-1].Add(interval))
	}
	return at
}

func TestASimulatedSidecarDoesWhatARealOneDid(t *testing.T) {
	for _, name := range recordings(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			entries, err := timeline.ReadAll(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			header := slices.IndexFunc(entries, func(e timeline.Entry) bool { return e.Header != nil })
			entries = append([]timeline.Entry{entries[header]}, entries...)
			want := decided(entries)
			got, counters := replay(entries, want)
			if len(want) == 0 || len(got) != len(want) {
				t.Errorf("got %d ejections and returns, want %d, more than none", len(got), len(want))
			}
			last := counted(entries)
			if counters.EnforcedTotal != last.EnforcedTotal || counters.EnforcedGateway != last.EnforcedGateway || counters.DetectedGateway != last.DetectedGateway || counters.Overflow != last.Overflow {
				t.Errorf("counters: got %+v, Envoy had %+v", counters, last)
			}
			for i := range min(len(got), len(want)) {
				if g, w := got[i], want[i]; !g.same(w) || g.at.Sub(w.at).Abs() > near {
					t.Errorf("number %d: got %s out %t at %s, Envoy had %s out %t at %s", i+1, g.pod, g.out, g.at.Format("15:04:05.000"), w.pod, w.out, w.at.Format("15:04:05.000"))
				}
			}
		})
	}
}

// counted are the counters in the last look.
func counted(entries []timeline.Entry) (last timeline.Counters) {
	for _, e := range entries {
		if e.Snapshot != nil {
			last = e.Snapshot.Counters
		}
	}
	return last
}

// replay books the answers of a recording in the order of their ends, and says
// whom the simulation ejected and returned.
func replay(entries []timeline.Entry, real []turn) ([]turn, timeline.Counters) {
	header := entries[0].Header
	config := configOf(header.Rule)
	if header.Sidecar != nil {
		config = *header.Sidecar
	}
	type step struct {
		at   time.Time
		pod  string
		code int // 0: a sweep
	}
	var steps []step
	cluster := envoy.New(config)
	hosts := map[string]*envoy.Host{}
	for _, e := range entries {
		if e.Snapshot != nil && len(hosts) == 0 {
			for _, p := range e.Snapshot.Pods {
				hosts[p.Name] = &envoy.Host{Name: p.Name}
				cluster.Hosts = append(cluster.Hosts, hosts[p.Name])
			}
		}
		if e.Answer != nil && e.Answer.Pod != "" {
			steps = append(steps, step{e.Time.Add(e.Answer.Latency), e.Answer.Pod, e.Answer.Code})
		}
	}
	byTime := func(a, b step) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.code, b.code)) }
	slices.SortStableFunc(steps, byTime)
	if len(steps) == 0 {
		return nil, timeline.Counters{}
	}
	end := steps[len(steps)-1].at
	if n := len(real); n > 0 && real[n-1].at.After(end) {
		end = real[n-1].at
	}
	for _, at := range sweeps(real, config.Outlier.Interval, steps[0].at, end.Add(time.Second)) {
		steps = append(steps, step{at: at})
	}
	slices.SortStableFunc(steps, byTime)
	var events []envoy.Event
	for _, s := range steps {
		if s.code == 0 {
			events = append(events, cluster.Sweep(s.at)...)
			continue
		}
		h := hosts[s.pod]
		h.Requests, h.Active = h.Requests+1, h.Active+1
		for _, kind := range cluster.Book(h, s.code) {
			events = append(events, cluster.Decide(h, kind, s.at)...)
		}
	}
	var all []turn
	for _, e := range events {
		if (e.Enforced || !e.Ejected) && !e.At.After(end.Add(near)) {
			all = append(all, turn{e.At, e.Host.Name, e.Ejected})
		}
	}
	return all, cluster.Counters
}
