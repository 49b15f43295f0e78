package report

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// drawn are the attributes that hold coordinates.
var drawn = regexp.MustCompile(` (?:d|x|y|viewBox|data-[a-z]+)="([^"]*)"`)

func sound(t *testing.T, entries []timeline.Entry) {
	t.Helper()
	r, err := Of(entries)
	if err != nil {
		return
	}
	if _, err := json.Marshal(r); err != nil {
		t.Errorf("the figures cannot be printed: %v", err)
	}
	var page bytes.Buffer
	if err := r.HTML(&page); err != nil {
		t.Fatal(err)
	}
	elements(t, page.String())
	for _, m := range drawn.FindAllStringSubmatch(page.String(), -1) {
		if strings.HasPrefix(m[0], " data-label") {
			continue
		}
		if strings.Contains(m[1], "NaN") || strings.Contains(m[1], "Inf") {
			t.Fatalf("not a number: %s", m[0])
		}
	}
}

// FuzzOf reads anything that is JSON lines.
func FuzzOf(f *testing.F) {
	f.Add([]byte(`{"time":"2026-11-24T10:00:00Z","header":{"version":1,"command":"watch","rule":{"enabled":true}}}
{"time":"0001-01-01T00:00:00Z","answer":{"latency":-1,"code":504,"pod":"b"}}
{"time":"9999-12-31T23:59:59Z","event":{"kind":"ejected","pod":"b","ejection":-7,"decided":"1970-01-01T00:00:00Z"}}
{"time":"2026-11-24T10:00:00Z","snapshot":{"pods":null,"counters":{"exported":true,"overflow":18446744073709551615}}}`))
	f.Add([]byte(`{"verdict":{"agrees":true}}`))
	f.Add([]byte(`{"phase":{"name":"é"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var entries []timeline.Entry
		for lines := json.NewDecoder(bytes.NewReader(text)); lines.More(); {
			var e timeline.Entry
			if lines.Decode(&e) != nil {
				return
			}
			entries = append(entries, e)
		}
		sound(t, entries)
	})
}

// FuzzRun makes a run of bytes, four for each entry, so that events of any kind
// come in any order.
func FuzzRun(f *testing.F) {
	f.Add(uint64(1), []byte("\x00\x00\x00\x01\x01\x10\x00\x00\x02\x20\x01\x00\x03\x30\x02\x00"))
	f.Add(uint64(1)<<62, []byte("\x02\x00\x00\x00\x02\x01\x07\x00\x02\x02\x01\x00\x02\x03\x05\x00\x02\x04\x00\x00\x04\x05\x00\x00\x05\x06\x00\x00"))
	f.Add(uint64(1e9), []byte{2, 0, 0, 0, 2, 9, 7, 0, 2, 10, 8, 0, 0, 11, 1, 0, 2, 200, 1, 0, 1, 255, 2, 0})
	kinds := []timeline.EventKind{timeline.PodEjected, timeline.PodReturned, timeline.PodAdded, timeline.PodRemoved, timeline.RuleChanged, timeline.CountersReset,
		timeline.SourceLost, timeline.SourceBack, timeline.Confirmed, timeline.Disagreement, "", timeline.ClusterReplaced}
	states := []timeline.State{timeline.InRotation, timeline.Ejected, timeline.Terminating, timeline.Unknown}
	f.Fuzz(func(t *testing.T, unit uint64, ops []byte) {
		if len(ops) > 4*500 {
			return
		}
		var entries []timeline.Entry
		for ; len(ops) >= 4; ops = ops[4:] {
			op, when, what, how := ops[0], time.Duration(unit)*time.Duration(int8(ops[1])), ops[2], ops[3]
			e := timeline.Entry{Time: noon.Add(when)}
			pod := string("pqrs"[how%4])
			b := time.Duration(unit) * time.Duration(how)
			switch op % 10 {
			case 0:
				e.Header = &timeline.Header{Version: int(what) % 3, Command: []string{"watch", "verify", "compare"}[how%3], Rule: breaker.Rule{Enabled: how%2 == 0,
					ConsecutiveGatewayErrors: new(uint32(what)), BaseEjectionTime: b, Interval: time.Duration(what), MaxEjectionPercent: int32(int8(how))}}
			case 1:
				e.Answer = &timeline.Answer{Latency: b, Code: []int{0, 200, 302, 404, 500, 503, 504, -1}[what%8], Pod: strings.TrimSuffix(pod, "s")}
			case 2:
				e.Event = &timeline.Event{Kind: kinds[int(what)%len(kinds)], Pod: pod, Ejection: int(int8(what)) / 4, Errors: int(how), Out: b, Source: pod}
				if how%3 == 0 {
					e.Event.Decided = noon.Add(b)
					e.Event.Rule = &breaker.Rule{Enabled: true, BaseEjectionTime: -b}
				}
				if e.Event.Kind == timeline.Confirmed {
					e.Event.Detail = string(kinds[how%2])
				}
			case 3:
				n := binary.LittleEndian.Uint64(append([]byte{what, how, 0, 0, 0, 0}, what, how))
				e.Snapshot = &timeline.Snapshot{Counters: timeline.Counters{Exported: how%2 == 0, EnforcedTotal: n, EnforcedGateway: n, Overflow: uint64(what), EjectionsActive: uint64(how)}}
				for i := range int(what) % 5 {
					e.Snapshot.Pods = append(e.Snapshot.Pods, timeline.Pod{Name: "pqrst"[i : i+1], State: states[(int(how)+i)%4]})
				}
			case 4:
				e.Phase = &timeline.Phase{Name: pod, Statement: []timeline.Statement{timeline.Proven, timeline.Refuted, timeline.NotProven, ""}[how%4], Took: b, Answers: int(what), Missing: pod, Evidence: []string{pod}}
			case 5:
				e.Verdict = &timeline.Verdict{Verdict: []string{timeline.Agrees, timeline.Differs, timeline.Undetermined}[how%3]}
			case 6:
				e.Clock = &timeline.Clock{Name: []string{timeline.SidecarClock, timeline.APIServerClock, pod}[what%3], Least: -b, Most: when}
			case 7:
				e.Step = &timeline.Step{Phase: pod, Load: &timeline.Load{Rate: float64(int8(how)), Concurrency: int(int8(what))}, Why: pod}
			case 8:
				e.Symptom = &timeline.Symptom{Code: pod, Detail: pod}
			case 9:
				e.Outlier = &timeline.Outlier{Decided: noon.Add(b), Pod: pod, Ejected: how%2 == 0}
			}
			entries = append(entries, e)
		}
		sound(t, entries)
	})
}
