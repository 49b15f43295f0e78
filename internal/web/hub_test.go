package web

import (
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
)

// rule ejects after 3 errors in a row, for 4 s.
func rule() breaker.Rule {
	return breaker.Rule{Enabled: true, ConsecutiveGatewayErrors: new(uint32(3)), Consecutive5xxErrors: new(uint32),
		BaseEjectionTime: 4 * time.Second, Interval: time.Second, MaxEjectionPercent: 50}
}

func header(at time.Time) timeline.Entry {
	return timeline.Entry{Time: at, Header: &timeline.Header{Version: timeline.Version, Command: "watch", Context: "lab", Service: "s", Rule: rule()}}
}

func snapshot(at time.Time, pods ...timeline.Pod) timeline.Entry {
	return timeline.Entry{Time: at, Snapshot: &timeline.Snapshot{Pods: pods, Counters: timeline.Counters{Exported: true}}}
}

func answered(at time.Time, pod string, code int) timeline.Entry {
	return timeline.Entry{Time: at, Answer: &timeline.Answer{Pod: pod, Code: code, Latency: time.Millisecond}}
}

func happened(at time.Time, e timeline.Event) timeline.Entry {
	return timeline.Entry{Time: at, Event: &e}
}

func pod(name, version string, s timeline.State) timeline.Pod {
	return timeline.Pod{Name: name, Version: version, State: s}
}

// parts decodes a message.
func parts(t *testing.T, message []byte) map[string]json.RawMessage {
	t.Helper()
	var p map[string]json.RawMessage
	if err := json.Unmarshal(message, &p); err != nil {
		t.Fatalf("message %s: %v", message, err)
	}
	return p
}

// part decodes one part of a message, which has to be there.
func partOf[T any](t *testing.T, p map[string]json.RawMessage, name string) (value T) {
	t.Helper()
	if err := json.Unmarshal(p[name], &value); err != nil {
		t.Fatalf("part %q of %v: %v", name, names(p), err)
	}
	return value
}

func names(p map[string]json.RawMessage) map[string]bool {
	all := map[string]bool{}
	for name := range p {
		all[name] = true
	}
	return all
}

func take(t *testing.T, r *reader) map[string]json.RawMessage {
	t.Helper()
	message, _ := r.next()
	return parts(t, message)
}

func set(all ...string) map[string]bool {
	m := map[string]bool{}
	for _, one := range all {
		m[one] = true
	}
	return m
}

func TestAReaderGetsAllAndThenWhatChanged(t *testing.T) {
	h := newHub(Options{Pace: 1})
	now := time.Now()
	h.show(header(now), now)
	h.show(snapshot(now, pod("a", "200", timeline.InRotation)), now)
	r := h.join()
	want := set("clock", "run", "rule", "pods", "totals", "counters", "events", "seconds", "bands", "load", "lost", "proof")
	if diff := cmp.Diff(want, names(take(t, r))); diff != "" {
		t.Errorf("first message (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(set("clock"), names(take(t, r))); diff != "" {
		t.Errorf("message without any change (-want +got):\n%s", diff)
	}
	h.show(happened(now, timeline.Event{Kind: timeline.SourceLost, Source: "rule", Detail: "refused"}), now)
	changed := take(t, r)
	if diff := cmp.Diff(set("clock", "events", "lost"), names(changed)); diff != "" {
		t.Errorf("message after an event (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"rule": "refused"}, partOf[map[string]string](t, changed, "lost")); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
	h.show(happened(now, timeline.Event{Kind: timeline.SourceBack, Source: "rule"}), now)
	if lost := partOf[map[string]string](t, take(t, r), "lost"); len(lost) > 0 {
		t.Errorf("lost: got %v, want none after it was back", lost)
	}
}

func TestNumbersAreSentTenTimesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(Options{Pace: 1})
		h.show(header(time.Now()), time.Now())
		r := h.join()
		messages, requests := 0, 0
		for range 1000 {
			h.show(answered(time.Now(), "a", 200), time.Now())
			time.Sleep(time.Millisecond)
			synctest.Wait()
			select {
			case <-r.wake:
				messages++
				if p := take(t, r); p["totals"] != nil {
					requests = partOf[struct{ Requests int }](t, p, "totals").Requests
				}
			default:
			}
		}
		if messages < 9 || messages > 11 {
			t.Errorf("got %d messages in a second, want about 10", messages)
		}
		time.Sleep(every)
		synctest.Wait()
		if p := take(t, r); p["totals"] != nil {
			requests = partOf[struct{ Requests int }](t, p, "totals").Requests
		}
		if requests != 1000 {
			t.Errorf("got %d requests in the end, want 1000", requests)
		}
	})
}

func TestAnEjectionIsSentAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(Options{Pace: 1})
		now := time.Now()
		h.show(header(now), now)
		h.show(snapshot(now, pod("a", "504", timeline.InRotation)), now)
		r := h.join()
		take(t, r)
		h.show(answered(now, "a", 504), now) // waits for its turn
		h.show(happened(now, timeline.Event{Kind: timeline.PodEjected, Pod: "a", Ejection: 1, Errors: 3}), now)
		select {
		case <-r.wake:
		default:
			t.Fatal("nobody was woken")
		}
		p := take(t, r)
		if got := partOf[[]podState](t, p, "pods")[0]; got.State != timeline.Ejected || got.InARow != 1 ||
			got.Back != now.Add(4*time.Second).UnixMilli() || got.Out != 4000 {
			t.Errorf("got %+v, want it ejected for 4 s", got)
		}
		if got := partOf[[]eventState](t, p, "events"); len(got) != 1 || got[0].Text != "a was ejected after 3 errors in a row" {
			t.Errorf("events: got %+v", got)
		}
	})
}

func TestAReaderThatDoesNotReadCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(Options{Pace: 1})
		h.show(header(time.Now()), time.Now())
		r := h.join()
		size := 0
		for i := range 4000 {
			time.Sleep(50 * time.Millisecond)
			h.show(answered(time.Now(), "a", 200), time.Now())
			if i%10 == 0 {
				kind := timeline.PodEjected
				if i%20 == 0 {
					kind = timeline.PodReturned
				}
				h.show(happened(time.Now(), timeline.Event{Kind: kind, Pod: "a", Ejection: 1000 + i}), time.Now())
			}
			if i == 3000 {
				message, _ := h.join().next()
				size = len(message)
			}
		}
		time.Sleep(every)
		synctest.Wait()
		message, _ := r.next()
		if got := partOf[struct{ Requests int }](t, parts(t, message), "totals").Requests; got != 4000 {
			t.Errorf("the slow reader's message says %d requests, want the newest: 4000", got)
		}
		if len(message) > size*11/10 {
			t.Errorf("the state grew from %d bytes to %d", size, len(message))
		}
	})
}

func TestReadersThatLeftAreForgotten(t *testing.T) {
	h := newHub(Options{})
	for range 3 {
		h.join().leave()
	}
	if len(h.readers) != 0 {
		t.Errorf("got %d readers, want none", len(h.readers))
	}
}

func TestTheClockFollowsTheRun(t *testing.T) {
	start := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name string
		pace float64
		end  bool
		want time.Duration
	}{{"live", 1, false, 3 * time.Second}, {"four times as fast", 4, false, 12 * time.Second}, {"ended", 1, true, 2 * time.Second}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHub(Options{Pace: tt.pace})
				h.show(header(start), start)
				time.Sleep(2 * time.Second)
				h.show(answered(start, "a", 200), start) // is no way back
				if tt.end {
					h.end()
				}
				time.Sleep(time.Second)
				clock := partOf[struct{ At int64 }](t, take(t, h.join()), "clock")
				if got := time.UnixMilli(clock.At).Sub(start); got != tt.want {
					t.Errorf("3 s after the start: got %s, want %s", got, tt.want)
				}
			})
		})
	}
}

func TestSwitchingTheLoadTellsSessionAndPages(t *testing.T) {
	var asked []mesh.Load
	h := newHub(Options{Load: mesh.Load{Rate: 5, Concurrency: 1, Timeout: time.Second}, On: true, SetLoad: func(l mesh.Load) { asked = append(asked, l) }})
	r := h.join()
	if got := partOf[loadState](t, take(t, r), "load"); got != (loadState{On: true, Rate: 5, Concurrency: 1}) {
		t.Errorf("at first: got %+v", got)
	}
	off := mesh.Load{Rate: 7, Concurrency: 2, Timeout: time.Second}
	h.setLoad(off, false)
	h.setLoad(off, true)
	if diff := cmp.Diff([]mesh.Load{{}, off}, asked); diff != "" {
		t.Errorf("the session was asked for (-want +got):\n%s", diff)
	}
	if got := partOf[loadState](t, take(t, r), "load"); got != (loadState{On: true, Rate: 7, Concurrency: 2}) {
		t.Errorf("after switching: got %+v", got)
	}
}

func TestEventsKeepTheirNumbers(t *testing.T) {
	h := newHub(Options{})
	now := time.Now()
	for i := range 130 {
		h.show(happened(now, timeline.Event{Kind: timeline.PodAdded, Pod: fmt.Sprint("p", i+1)}), now)
		h.show(happened(now, timeline.Event{Kind: timeline.Confirmed, Pod: "x"}), now)
	}
	log := partOf[[]eventState](t, take(t, h.join()), "events")
	if first, last := log[0], log[len(log)-1]; first.ID != 130 || first.Text != "p130 was added" || last.ID != 31 || last.Text != "p31 was added" {
		t.Errorf("got %+v to %+v, want events 130 to 31", first, last)
	}
}
