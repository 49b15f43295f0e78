package judge

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// only is the one claim of a phase.
func only(t *testing.T, r *Record, phase string) Claim {
	t.Helper()
	all := r.Claims(phase)
	if len(all) != 1 {
		t.Fatalf("%s: %d claims, want 1", phase, len(all))
	}
	return all[0]
}

func TestTheThresholdIsWhatEvidenceLeavesOfIt(t *testing.T) {
	tests := []struct {
		name   string
		says   int // the rule
		make   func(*script)
		want   timeline.Statement
		count  string
		narrow bool
	}{
		{"three one after another", 3, func(s *script) {
			end := s.errors(3, 0)
			s.line(end-1, end+300, true, 1)
		}, timeline.Proven, "out after 3", false},
		{"two where the rule says three", 3, func(s *script) {
			end := s.errors(2, 0)
			s.line(end-1, end+300, true, 1)
		}, timeline.Refuted, "out after 2", false},
		{"four where the rule says three", 3, func(s *script) {
			end := s.errors(4, 0)
			s.line(end-1, end+300, true, 1)
		}, timeline.Refuted, "out after 4", false},
		{"a good answer between starts the count again", 3, func(s *script) {
			s.errors(2, 0)
			s.answer(bad, 450, 5, 200)
			end := s.errors(3, 600)
			s.line(end-1, end+300, true, 1)
		}, timeline.Proven, "out after 3", false},
		{"a 500 between starts the count of gateway errors again", 3, func(s *script) {
			s.errors(2, 0)
			s.answer(bad, 450, 5, 500)
			end := s.errors(3, 600)
			s.line(end-1, end+300, true, 1)
		}, timeline.Proven, "out after 3", false},
		{"those under way do not count", 3, func(s *script) {
			end := s.errors(3, 0)
			s.answer(bad, end-100, 2000, 504)
			s.answer(bad, end-50, 3000, 504)
			s.line(end-1, end+300, true, 1)
		}, timeline.Proven, "out after 3, and 2 under way", false},
		{"two that ended at once leave two numbers", 3, func(s *script) {
			end := s.errors(3, 0)
			s.answer(bad, end-30, 25, 504)
			s.line(end-1, end+300, true, 1)
		}, timeline.NotProven, "out after 3 to 4", true},
		{"one, and the main thread was late", 1, func(s *script) {
			end := s.errors(1, 0)
			s.line(end+120, end+300, true, 1)
		}, timeline.Proven, "out after 1", false},
		{"three, and the main thread was late", 3, func(s *script) {
			end := s.errors(3, 0)
			s.line(end+120, end+300, true, 1)
		}, timeline.Proven, "out after 3", false},
		// On a machine so slow the third may have been the one.
		{"four close to each other, while looks take long", 3, func(s *script) {
			s.took = 60
			for i := range 4 {
				s.answer(bad, 60*i, 20, 504)
			}
			s.look(180, false)
			s.line(210, 400, true, 1)
		}, timeline.NotProven, "out after 2 to 4", true},
		{"four close to each other, while looks are swift", 3, func(s *script) {
			for i := range 4 {
				s.answer(bad, 60*i, 20, 504)
			}
			s.line(210, 400, true, 1)
		}, timeline.Refuted, "out after 4", false},
		// The sidecar says how long it waited once it has told of the error.
		{"the third was told before the sidecar had measured how long it took", 3, func(s *script) {
			end := s.errors(3, 0)
			s.look(end-80, false)
			s.line(end-4, end+300, true, 1)
			s.look(end+150, true)
		}, timeline.Proven, "out after 3", false},
		{"the same where no look tells how many the sidecar has counted", 3, func(s *script) {
			end := s.errors(3, 0)
			s.line(end-4, end+300, true, 1)
		}, timeline.NotProven, "out after 2 to 3", true},
		{"two where the rule says three, and a third under way for long", 3, func(s *script) {
			end := s.errors(2, 0)
			s.answer(bad, end-10, 300, 504)
			s.line(end-1, end+400, true, 1)
		}, timeline.Refuted, "out after 2, and 1 under way", false},
		{"no error at all before the ejection", 3, func(s *script) {
			s.calls(10, 0, 500)
			s.line(600, 900, true, 1)
		}, timeline.NotProven, "out after 1 to 0", false},
	}
	for _, tt := range tests {
		for _, offset := range []time.Duration{-5 * time.Second, 0, 5 * time.Second} {
			t.Run(fmt.Sprint(tt.name, ", clock at ", offset), func(t *testing.T) {
				s := begin(stacks(tt.says), offset, Preflight, Trip)
				tt.make(s)
				last := s.entries[len(s.entries)-1].Time.Sub(noon)
				s.calls(3, int(last.Milliseconds())+100, int(last.Milliseconds())+400)
				s.look(int(last.Milliseconds())+500, true)
				c := only(t, s.record(), Trip)
				if c.Statement != tt.want || !strings.HasPrefix(c.Measured, tt.count) || c.Narrow != tt.narrow || c.Open {
					t.Errorf("got %s, %q, narrow %t, open %t; want %s, %q, narrow %t\nmissing %s\n%s", c.Statement, c.Measured, c.Narrow, c.Open,
						tt.want, tt.count, tt.narrow, c.Missing, strings.Join(c.Evidence, "\n"))
				}
			})
		}
	}
}

// A fourth error was over 110 ms before the decision: Envoy counted it too, unless it
// decided late, which an answer that took long meanwhile may mean.
func TestABusyMachineIsNotHeldAgainstTheThreshold(t *testing.T) {
	for latency, want := range map[int]timeline.Statement{2: timeline.Refuted, 300: timeline.NotProven} {
		s := begin(stacks(3), 0, Preflight, Trip)
		s.errors(3, 0)
		s.answer(good, 500, latency, 200)
		s.answer(bad, 520, 10, 504)
		s.line(640, 700, true, 1)
		s.look(900, true)
		s.calls(5, 1000, 2000)
		s.look(2500, true)
		if c := only(t, s.record(), Trip); c.Statement != want || c.Narrow != (want == timeline.NotProven) {
			t.Errorf("beside an answer of %d ms: got %s (%s), want %s; %s", latency, c.Statement, c.Measured, want, c.Missing)
		}
	}
}

// The configured number is only ever compared: the same evidence measures the
// same whatever the rule says.
func TestTheRuleHasNoPartInTheMeasurement(t *testing.T) {
	measured := map[string]bool{}
	for says := range 12 {
		s := begin(stacks(says+1), 0, Preflight, Trip)
		end := s.errors(5, 0)
		s.answer(bad, end-30, 25, 504)
		s.line(end-1, end+300, true, 1)
		s.calls(3, end+100, end+400)
		s.look(end+500, true)
		c := only(t, s.record(), Trip)
		measured[c.Measured] = true
		if c.Statement == timeline.Proven {
			t.Errorf("the rule says %d: proven by %q", says+1, c.Measured)
		}
	}
	if len(measured) != 1 {
		t.Errorf("measured %v, want one", measured)
	}
}

// Without the log only looks tell of an ejection, by another clock.
func TestWithoutTheLogTheClocksArePartOfTheEvidence(t *testing.T) {
	for _, offset := range []time.Duration{-5 * time.Second, 0, 5 * time.Second} {
		s := begin(stacks(3), offset, Preflight, Trip)
		end := s.errors(3, 0)
		s.counted(end-60, false, timeline.Counters{Exported: true})
		s.counted(end+40, true, timeline.Counters{Exported: true, EnforcedGateway: 1, EnforcedTotal: 1, EjectionsActive: 1})
		s.calls(60, end+100, end+6000)
		s.counted(end+6000, true, timeline.Counters{Exported: true, EnforcedGateway: 1, EnforcedTotal: 1, EjectionsActive: 1})
		if c := only(t, s.record(), Trip); c.Statement != timeline.Proven {
			t.Errorf("offset %s: got %s, %q, missing %s\n%s", offset, c.Statement, c.Measured, c.Missing, strings.Join(c.Evidence, "\n"))
		}
		unknown := &script{offset: offset}
		for _, e := range s.entries {
			if e.Clock == nil {
				unknown.entries = append(unknown.entries, e)
			}
		}
		if c := only(t, unknown.record(), Trip); c.Statement == timeline.Proven && offset != 0 {
			t.Errorf("offset %s, and nobody knows it: got %s, %q", offset, c.Statement, c.Measured)
		}
	}
}

func TestNobodyThereProvesNothing(t *testing.T) {
	for _, phase := range []string{Mix, Trip, Clean, Return, Second, Backoff, Off} {
		rule := stacks(3)
		rule.Enabled = phase != Off
		r := Read([]timeline.Entry{{Time: noon, Header: &timeline.Header{Version: 2, Rule: rule, Claim: &timeline.Claim{Phases: []string{phase}}}},
			{Time: noon, Snapshot: &timeline.Snapshot{Asked: noon, Counters: timeline.Counters{Exported: true}}}})
		if res := r.Result(); res.Verdict != timeline.Undetermined {
			t.Errorf("%s: got %s", phase, res.Verdict)
		}
	}
	if res := Judge(nil); res.Verdict != timeline.Undetermined {
		t.Errorf("an empty recording: got %s", res.Verdict)
	}
}

func TestCleanNeedsAnswersInEachTimeOut(t *testing.T) {
	tests := []struct {
		name          string
		first, second int
		spoil         func(*script, int)
		want          timeline.Statement
	}{
		{"enough in both", 25, 25, nil, timeline.Proven},
		{"none in the first", 0, 25, nil, timeline.NotProven},
		{"none in the second", 25, 0, nil, timeline.NotProven},
		{"an error of the pod in the second", 25, 25, func(s *script, at int) { s.answer(bad, at+1500, 10, 504) }, timeline.Refuted},
		{"a good answer of the pod while it is out", 25, 25, func(s *script, at int) { s.answer(bad, at+1500, 10, 200) }, timeline.Refuted},
		{"an error of the pod soon after the second, on a quiet machine", 25, 25, func(s *script, at int) { s.answer(bad, at+400, 10, 504) }, timeline.Refuted},
		{"the same while a good answer took as long", 25, 25, func(s *script, at int) { s.answer(bad, at+400, 10, 504); s.answer(good, at+10, 450, 200) }, timeline.Proven},
		{"the same while a look took long", 25, 25, func(s *script, at int) {
			s.answer(bad, at+400, 10, 504)
			s.took = 150
			s.look(at+300, true)
			s.took = 0
		}, timeline.Proven},
		{"an error long after, however long a good answer took", 25, 25, func(s *script, at int) { s.answer(bad, at+1500, 10, 504); s.answer(good, at+10, 2000, 200) }, timeline.Refuted},
		{"the sidecar's own error in the second", 25, 25, func(s *script, at int) { s.answer("", at+1500, 1, 503) }, timeline.Refuted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := begin(stacks(1), 0, Preflight, Clean)
			for i, n := range []int{tt.first, tt.second} {
				at := 5000 * i
				s.answer(bad, at, 20, 504)
				s.line(at+19, at+300, true, i+1)
				s.look(at+200, true)
				s.calls(n, at+1200, at+2300)
				if i == 1 && tt.spoil != nil {
					tt.spoil(s, at)
				}
				s.look(at+2400, true)
				s.line(at+2500, at+3000, false, i+1)
				s.look(at+2600, false)
				s.calls(2, at+2700, at+3000)
			}
			if c := only(t, s.record(), Clean); c.Statement != tt.want {
				t.Errorf("got %s, want %s; %s\n%s", c.Statement, tt.want, c.Missing, strings.Join(c.Evidence, "\n"))
			}
		})
	}
}

func TestAReturnIsATimeAndAnAnswer(t *testing.T) {
	tests := []struct {
		name        string
		out         int // ms
		back, calls int // answers of the pod, and of the other, after it
		want        timeline.Statement
	}{
		{"after the base time", 2500, 1, 5, timeline.Proven},
		{"too early", 1500, 1, 5, timeline.Refuted},
		{"too late", 4500, 1, 5, timeline.Refuted},
		{"not called yet", 2500, 0, 5, timeline.NotProven},
		{"never called again", 2500, 0, 60, timeline.Refuted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := begin(stacks(1), 0, Preflight, Return)
			s.answer(bad, 0, 20, 504)
			s.line(19, 300, true, 1)
			s.look(200, true)
			s.line(19+tt.out, 500+tt.out, false, 1)
			s.look(100+tt.out, false)
			for i := range tt.back {
				s.answer(bad, 300+tt.out+200*i, 5, 200)
			}
			s.calls(tt.calls, 300+tt.out, 6000+tt.out)
			if c := only(t, s.record(), Return); c.Statement != tt.want {
				t.Errorf("got %s, %q, want %s; %s", c.Statement, c.Measured, tt.want, c.Missing)
			}
		})
	}
}

func TestLinesAndLooksMakeOneEjectionEach(t *testing.T) {
	tests := []struct {
		name  string
		make  func(*script)
		want  int
		finds bool
	}{
		{"both", func(s *script) { s.line(950, 1500, true, 1); s.look(900, false); s.look(1000, true) }, 1, false},
		{"the same line twice", func(s *script) {
			s.line(950, 1500, true, 1)
			s.line(950, 1600, true, 1)
			s.look(900, false)
			s.look(1000, true)
		}, 1, false},
		{"only looks", func(s *script) { s.look(900, false); s.look(1000, true) }, 1, false},
		{"only the log", func(s *script) { s.line(950, 1500, true, 1) }, 1, false},
		{"the log against the looks", func(s *script) { s.line(950, 1500, true, 1); s.look(1500, false); s.look(2500, false) }, 1, true},
		{"a number that was never seen", func(s *script) { s.line(950, 1500, true, 4); s.look(900, false); s.look(1000, true) }, 1, true},
		{"only detected", func(s *script) {
			s.line(950, 1500, true, 1)
			s.entries[len(s.entries)-1].Outlier.Enforced = false
		}, 0, false},
		{"detected by one detector and enforced by another in one millisecond", func(s *script) {
			s.line(950, 1500, true, 1)
			s.entries[len(s.entries)-1].Outlier.Enforced = false
			s.line(950, 1500, true, 1)
			s.entries[len(s.entries)-1].Outlier.Type = "CONSECUTIVE_5XX"
			s.look(900, false)
			s.look(1000, true)
		}, 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := begin(stacks(1), 0, Trip)
			tt.make(s)
			r := s.record()
			all, findings := r.ejections(r.pods[bad])
			if len(all) != tt.want || len(findings) > 0 != tt.finds {
				t.Errorf("got %d ejections and %q; want %d, findings %t", len(all), findings, tt.want, tt.finds)
			}
		})
	}
}

func TestWhatTheWriterOfARuleMeans(t *testing.T) {
	on := breaker.Rule{Enabled: true}
	with := func(gateway, any5xx *uint32) breaker.Rule {
		r := on
		r.ConsecutiveGatewayErrors, r.Consecutive5xxErrors = gateway, any5xx
		return r
	}
	tests := []struct {
		rule   breaker.Rule
		code   int
		errors int
		by     breaker.Detector
	}{
		{with(new(uint32(10)), new(uint32(0))), 500, 0, breaker.NoDetector},
		{with(new(uint32(10)), nil), 500, 0, breaker.NoDetector},
		{with(new(uint32(10)), nil), 502, 10, breaker.GatewayDetector},
		{with(new(uint32(3)), new(uint32(7))), 501, 7, breaker.Any5xxDetector},
		{with(nil, nil), 500, 5, breaker.Any5xxDetector},
		{with(new(uint32(10)), new(uint32(0))), 0, 10, breaker.GatewayDetector},
		{with(new(uint32(10)), nil), 0, 10, breaker.GatewayDetector},
		{with(nil, new(uint32(7))), 0, 7, breaker.Any5xxDetector},
		{with(new(uint32(10)), new(uint32(7))), 0, 7, breaker.Any5xxDetector},
		{with(new(uint32(3)), new(uint32(7))), 0, 3, breaker.GatewayDetector},
		{with(new(uint32(0)), new(uint32(0))), 0, 0, breaker.NoDetector},
		{breaker.Rule{}, 0, 0, breaker.NoDetector},
	}
	for _, tt := range tests {
		if errors, by := intended(tt.rule, tt.code); errors != tt.errors || by != tt.by {
			t.Errorf("%+v: got %d by %q, want %d by %q", tt.rule, errors, by, tt.errors, tt.by)
		}
	}
}

func TestAPreflightTellsWhatIsNotAsItShouldBe(t *testing.T) {
	tests := []struct {
		name   string
		change func(*timeline.Header)
		want   timeline.Statement
		says   string
	}{
		{"all as it should be", func(*timeline.Header) {}, timeline.Proven, "all there"},
		{"another threshold demanded", func(h *timeline.Header) { h.Claim.ExpectThreshold = 10 }, timeline.Refuted, "the rule in the cluster says 3 errors, and 10 are demanded"},
		{"the sidecar has another one", func(h *timeline.Header) { h.Sidecar.Outlier.Gateway = 5 }, timeline.Refuted, "the sidecar has something else: consecutive_gateway_failure is 5, the rule says 3"},
		{"not read", func(h *timeline.Header) { h.Sidecar = nil }, timeline.NotProven, "the sidecar's configuration was not read"},
		{"switched off", func(h *timeline.Header) { h.Rule.Enabled = false }, timeline.Refuted, "the DestinationRule has no outlierDetection"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := begin(stacks(3), 0, Preflight)
			tt.change(s.entries[0].Header)
			if c := only(t, s.record(), Preflight); c.Statement != tt.want || c.Measured != tt.says {
				t.Errorf("got %s, %q; want %s, %q", c.Statement, c.Measured, tt.want, tt.says)
			}
		})
	}
	s := begin(stacks(3), 0, Preflight)
	was := stacks(10)
	s.entries[0].Header.Claim.Declared = &was
	c := only(t, s.record(), Preflight)
	if c.Statement != timeline.Proven || !slices.ContainsFunc(c.Evidence, func(e string) bool { return strings.HasPrefix(e, "changed by hand: ") }) {
		t.Errorf("a rule changed by hand: got %s, %q", c.Statement, c.Evidence)
	}
}

// Requests that a subset's cluster carries say nothing of the one looked at.
func TestAPodThatIsCalledAnotherWayIsNotHeldAgainstTheRule(t *testing.T) {
	s := begin(stacks(3), 0, Preflight, Trip)
	end := s.errors(20, 0)
	s.look(end+500, false)
	for i := range s.entries[len(s.entries)-1].Snapshot.Pods {
		p := &s.entries[len(s.entries)-1].Snapshot.Pods[i]
		p.Requests, p.Errors = 0, 0
	}
	if c := only(t, s.record(), Trip); c.Statement != timeline.NotProven {
		t.Errorf("got %s, %q, want not proven", c.Statement, c.Measured)
	}
}
