package ejection

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"istio-circuit-breaker/internal/envoyadmin"
	"istio-circuit-breaker/internal/timeline"
)

const cluster = "outbound|80||servicex-service.circuit-breaker.svc.cluster.local"

var start = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func at(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }

// story feeds a Fold step by step and keeps what comes out.
type story struct {
	*Fold
	entries []timeline.Entry
	looked  []envoyadmin.Endpoint // at last
}

func newStory() *story {
	s := &story{Fold: New(cluster)}
	s.Fold.Pods(start, pods("good", "bad"))
	return s
}

func pods(names ...string) []timeline.Pod {
	addresses := map[string]string{"good": "10.0.0.1:8080", "bad": "10.0.0.2:8080", "worse": "10.0.0.3:8080"}
	var all []timeline.Pod
	for _, name := range names {
		all = append(all, timeline.Pod{Name: name, Address: addresses[name], Version: "504"})
	}
	return all
}

func (s *story) health(ms int, out ...string) {
	var all []envoyadmin.Endpoint
	for _, pod := range s.Snapshot().Pods {
		e := envoyadmin.Endpoint{Address: pod.Address}
		for _, name := range out {
			e.Ejected = e.Ejected || name == pod.Name
		}
		all = append(all, e)
	}
	s.looked = all
	s.entries = append(s.entries, s.Look(at(ms), all, s.Fold.counters)...)
}

// called is health with a number of requests for each pod.
func (s *story) called(ms int, requests uint64, out ...string) {
	var all []envoyadmin.Endpoint
	for _, pod := range s.Snapshot().Pods {
		e := envoyadmin.Endpoint{Address: pod.Address, Requests: requests}
		for _, name := range out {
			e.Ejected = e.Ejected || name == pod.Name
		}
		all = append(all, e)
	}
	s.looked = all
	s.entries = append(s.entries, s.Look(at(ms), all, s.Fold.counters)...)
}

func (s *story) log(ms, decided int, action string) {
	e := envoyadmin.OutlierEvent{Time: at(decided), Cluster: cluster, Address: "10.0.0.2:8080", Ejected: action == "EJECT", Enforced: action == "EJECT"}
	if e.Ejected {
		e.Type = "CONSECUTIVE_GATEWAY_FAILURE"
	}
	s.entries = append(s.entries, s.Log(at(ms), e)...)
}

// errors are answers of 504, one every 10 ms, each after a millisecond.
func (s *story) errors(ms, count int) {
	for i := range count {
		s.entries = append(s.entries, s.Answer(at(ms+10*i), timeline.Answer{Latency: time.Millisecond, Code: 504, Pod: "bad"})...)
	}
}

func (s *story) counters(ms int, c timeline.Counters) {
	c.Exported = true
	s.entries = append(s.entries, s.Look(at(ms), s.looked, c)...)
}

func TestWhatIsSeenBecomesWhatHappened(t *testing.T) {
	const gateway = "CONSECUTIVE_GATEWAY_FAILURE"
	tests := []struct {
		name string
		play func(*story)
		want []timeline.Entry
	}{
		{"health alone tells ejection and return", func(s *story) {
			s.health(0)
			s.errors(10, 3)
			s.health(100, "bad")
			s.health(300, "bad")
			s.health(2600)
		}, []timeline.Entry{
			event(at(100), timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Errors: 3, Ejection: 1, Source: HealthSource}),
			event(at(2600), timeline.Event{Kind: timeline.PodReturned, Pod: "bad", Ejection: 1, Out: 2500 * time.Millisecond, Source: HealthSource}),
		}},
		{"the log after health adds cause and time, not another ejection", func(s *story) {
			s.health(0)
			s.errors(10, 3)
			s.health(100, "bad")
			s.log(1000, 32, "EJECT")
			s.health(2600)
			s.log(3000, 2532, "UNEJECT")
		}, []timeline.Entry{
			event(at(100), timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Errors: 3, Ejection: 1, Source: HealthSource}),
			event(at(1000), timeline.Event{Kind: timeline.Confirmed, Pod: "bad", Errors: 3, Ejection: 1, Cause: gateway, Source: LogSource, Detail: "ejected", Decided: at(32)}),
			event(at(2600), timeline.Event{Kind: timeline.PodReturned, Pod: "bad", Ejection: 1, Out: 2568 * time.Millisecond, Source: HealthSource}),
			event(at(3000), timeline.Event{Kind: timeline.Confirmed, Pod: "bad", Ejection: 1, Out: 2500 * time.Millisecond, Source: LogSource, Detail: "returned", Decided: at(2532)}),
		}},
		{"the log before health is followed by nothing", func(s *story) {
			s.health(0)
			s.errors(10, 3)
			s.log(40, 32, "EJECT")
			s.health(60) // asked for before the decision had arrived
			s.health(100, "bad")
			s.health(2600)
		}, []timeline.Entry{
			event(at(40), timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Errors: 3, Ejection: 1, Cause: gateway, Source: LogSource, Decided: at(32)}),
			event(at(2600), timeline.Event{Kind: timeline.PodReturned, Pod: "bad", Ejection: 1, Out: 2568 * time.Millisecond, Source: HealthSource}),
		}},
		{"a line that is read twice is one event", func(s *story) {
			s.health(0)
			s.log(40, 32, "EJECT")
			s.log(90, 32, "EJECT")
		}, []timeline.Entry{
			event(at(40), timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Ejection: 1, Cause: gateway, Source: LogSource, Decided: at(32)}),
		}},
		{"errors that Envoy's held-back update lets through are not counted", func(s *story) {
			s.health(0)
			s.errors(10, 3)
			s.health(100, "bad")
			s.log(1000, 32, "EJECT")
			s.errors(2540, 22) // from just after the return on
			s.health(2600, "bad")
			s.log(3000, 2532, "UNEJECT")
			s.log(3001, 2561, "EJECT")
		}, []timeline.Entry{
			event(at(100), timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Errors: 3, Ejection: 1, Source: HealthSource}),
			event(at(1000), timeline.Event{Kind: timeline.Confirmed, Pod: "bad", Errors: 3, Ejection: 1, Cause: gateway, Source: LogSource, Detail: "ejected", Decided: at(32)}),
			event(at(3000), timeline.Event{Kind: timeline.PodReturned, Pod: "bad", Ejection: 1, Out: 2500 * time.Millisecond, Source: LogSource, Decided: at(2532)}),
			event(at(3001), timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Errors: 3, Ejection: 2, Cause: gateway, Source: LogSource, Decided: at(2561)}),
		}},
		{"an answer that arrives after the report corrects the count", func(s *story) {
			s.health(0)
			s.errors(10, 2)
			s.health(50, "bad")
			s.errors(30, 1)
		}, []timeline.Entry{
			event(at(50), timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Errors: 2, Ejection: 1, Source: HealthSource}),
			event(at(31), timeline.Event{Kind: timeline.Confirmed, Pod: "bad", Errors: 3, Ejection: 1, Source: AnswersSource, Detail: "ejected"}),
		}},
		{"answers in flight at the ejection do not count", func(s *story) {
			s.health(0)
			s.Answer(at(20), timeline.Answer{Latency: 5 * time.Millisecond, Code: 504, Pod: "bad"})
			s.Answer(at(10), timeline.Answer{Latency: 5 * time.Millisecond, Code: 200, Pod: "bad"}) // ended first
			s.Answer(at(21), timeline.Answer{Latency: 6 * time.Millisecond, Code: 503, Pod: "bad"})
			s.health(100, "bad")
			s.Answer(at(22), timeline.Answer{Latency: 4 * time.Second, Code: 504, Pod: "bad"})
		}, []timeline.Entry{
			event(at(100), timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Errors: 2, Ejection: 1, Source: HealthSource}),
		}},
		{"a pod that is out when the recording begins is a state, its return an event", func(s *story) {
			s.health(0, "bad")
			s.health(500)
		}, []timeline.Entry{
			event(at(500), timeline.Event{Kind: timeline.PodReturned, Pod: "bad", Source: HealthSource, Detail: "was out before the recording began"}),
		}},
		{"log and health that keep differing disagree once, and health wins", func(s *story) {
			s.health(0)
			s.log(40, 32, "EJECT")
			s.health(100)
			s.health(1100)
			s.health(2200)
			s.health(4400)
		}, []timeline.Entry{
			event(at(40), timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Ejection: 1, Cause: gateway, Source: LogSource, Decided: at(32)}),
			event(at(2200), timeline.Event{Kind: timeline.Disagreement, Pod: "bad", Source: HealthSource, Detail: "the outlier log says ejected, endpoint health says in rotation"}),
			event(at(2200), timeline.Event{Kind: timeline.PodReturned, Pod: "bad", Ejection: 1, Out: 2168 * time.Millisecond, Source: HealthSource}),
		}},
		{"counters and health that keep differing disagree once", func(s *story) {
			s.health(0)
			s.counters(0, timeline.Counters{EjectionsActive: 1})
			s.counters(1900, timeline.Counters{EjectionsActive: 1})
			s.counters(2100, timeline.Counters{EjectionsActive: 1})
			s.counters(3000, timeline.Counters{EjectionsActive: 1})
		}, []timeline.Entry{
			event(at(2100), timeline.Event{Kind: timeline.Disagreement, Source: CountersSource, Detail: "the counters say 1 ejected, endpoint health says 0"}),
		}},
		{"a restarted sidecar has forgotten the ejection", func(s *story) {
			s.health(0)
			s.counters(0, timeline.Counters{EnforcedTotal: 0})
			s.health(100, "bad")
			s.counters(110, timeline.Counters{EnforcedTotal: 1, EjectionsActive: 1})
			s.looked = s.looked[1:] // the restarted one does not show bad as out
			s.counters(1000, timeline.Counters{})
			s.health(1010)
		}, []timeline.Entry{
			event(at(100), timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Ejection: 1, Source: HealthSource}),
			event(at(1000), timeline.Event{Kind: timeline.CountersReset, Source: CountersSource, Detail: "the sidecar restarted; its counts and ejections start again"}),
			event(at(1000), timeline.Event{Kind: timeline.PodReturned, Pod: "bad", Ejection: 1, Out: 900 * time.Millisecond, Source: CountersSource, Detail: "the sidecar has forgotten the ejection"}),
		}},
		{"a changed rule makes the sidecar forget its pods, not its counters", func(s *story) {
			s.called(0, 0)
			s.called(100, 9, "bad")
			s.counters(110, timeline.Counters{EnforcedTotal: 1, EjectionsActive: 1, Uptime: 60})
			s.called(1000, 0)
		}, []timeline.Entry{
			event(at(100), timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Ejection: 1, Source: HealthSource}),
			event(at(1000), timeline.Event{Kind: timeline.ClusterReplaced, Source: HealthSource, Detail: "the sidecar has another configuration of the service; its pods' counts and ejections start again"}),
			event(at(1000), timeline.Event{Kind: timeline.PodReturned, Pod: "bad", Ejection: 1, Out: 900 * time.Millisecond, Source: HealthSource, Detail: "the sidecar has forgotten the ejection"}),
		}},
		{"a sidecar that is up for less time than before restarted", func(s *story) {
			s.called(0, 5)
			s.counters(10, timeline.Counters{Uptime: 60})
			s.looked = nil
			s.counters(1000, timeline.Counters{Uptime: 0})
		}, []timeline.Entry{
			event(at(1000), timeline.Event{Kind: timeline.CountersReset, Source: CountersSource, Detail: "the sidecar restarted; its counts and ejections start again"}),
		}},
		{"a pod that was not ready for a while goes on being counted", func(s *story) {
			s.health(0)
			s.health(100, "bad")
			s.health(2600)
			s.entries = append(s.entries, s.Look(at(3000), s.looked[1:], s.Fold.counters)...) // bad is not among them
			s.health(4000)
			s.health(4100, "bad")
		}, []timeline.Entry{
			event(at(100), timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Ejection: 1, Source: HealthSource}),
			event(at(2600), timeline.Event{Kind: timeline.PodReturned, Pod: "bad", Ejection: 1, Out: 2500 * time.Millisecond, Source: HealthSource}),
			event(at(4100), timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Ejection: 2, Source: HealthSource}),
		}},
		{"errors before the watch began are not known", func(s *story) {
			s.called(0, 7)
			s.errors(10, 1)
			s.called(100, 8, "bad")
		}, []timeline.Entry{
			event(at(100), timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Errors: 1, AtLeast: true, Ejection: 1, Source: HealthSource, Detail: "the watch began later"}),
		}},
		{"pods come and go", func(s *story) {
			s.health(0)
			s.entries = append(s.entries, s.Pods(at(10), pods("good", "worse"))...)
		}, []timeline.Entry{
			event(at(10), timeline.Event{Kind: timeline.PodRemoved, Pod: "bad", Source: PodsSource, Detail: "10.0.0.2:8080"}),
			event(at(10), timeline.Event{Kind: timeline.PodAdded, Pod: "worse", Source: PodsSource, Detail: "10.0.0.3:8080"}),
		}},
		{"another cluster's and unenforced ejections are passed over", func(s *story) {
			s.health(0)
			s.entries = append(s.entries, s.Log(at(10), envoyadmin.OutlierEvent{Time: at(9), Cluster: "other", Address: "10.0.0.2:8080", Ejected: true, Enforced: true})...)
			s.entries = append(s.entries, s.Log(at(10), envoyadmin.OutlierEvent{Time: at(9), Cluster: cluster, Address: "10.0.0.2:8080", Ejected: true})...)
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStory()
			tt.play(s)
			if diff := cmp.Diff(tt.want, s.entries); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
		})
	}
}

// The log and the answers have the sidecar's clock, health has the observer's.
func TestClocksThatAreApartMakeOneStory(t *testing.T) {
	for _, ahead := range []int{-5000, 0, 5000} {
		s := newStory()
		s.SetAhead(time.Duration(ahead) * time.Millisecond)
		s.health(0)
		s.errors(10+ahead, 3)
		s.health(100, "bad")
		s.log(1000, 32+ahead, "EJECT")
		s.health(2600)
		s.log(3000, 2532+ahead, "UNEJECT")
		var told []string
		for _, e := range s.entries {
			told = append(told, string(e.Event.Kind))
			if e.Event.Detail == "ejected" && e.Event.Errors != 3 || e.Event.Detail == "returned" && e.Event.Out != 2500*time.Millisecond {
				t.Errorf("%d ms ahead: got %+v", ahead, e.Event)
			}
		}
		if diff := cmp.Diff([]string{"ejected", "confirmed", "returned", "confirmed"}, told); diff != "" {
			t.Errorf("%d ms ahead (-want +got):\n%s", ahead, diff)
		}
	}
}

func TestSnapshotNamesEachPodsState(t *testing.T) {
	s := newStory()
	all := pods("good", "bad", "worse")
	all[2].State = timeline.Terminating
	s.Pods(at(0), all)
	s.endpoints(at(0), []envoyadmin.Endpoint{{Address: "10.0.0.2:8080"}})
	s.health(10, "bad")
	s.endpoints(at(20), []envoyadmin.Endpoint{{Address: "10.0.0.2:8080", Ejected: true}})
	want := []timeline.Pod{
		{Name: "bad", Version: "504", Address: "10.0.0.2:8080", State: timeline.Ejected, Ejections: 1},
		{Name: "good", Version: "504", Address: "10.0.0.1:8080", State: timeline.Unknown},
		{Name: "worse", Version: "504", Address: "10.0.0.3:8080", State: timeline.Terminating},
	}
	if diff := cmp.Diff(want, s.Snapshot().Pods); diff != "" {
		t.Errorf("Snapshot().Pods (-want +got):\n%s", diff)
	}
}
