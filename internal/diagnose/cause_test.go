package diagnose

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
	"istio-circuit-breaker/internal/translate"
)

func rule10() breaker.Rule {
	return breaker.Rule{Enabled: true, ConsecutiveGatewayErrors: new(uint32(10)), Consecutive5xxErrors: new(uint32(0)),
		BaseEjectionTime: 30 * time.Second, Interval: time.Second, MaxEjectionPercent: 50, Balancer: "ROUND_ROBIN"}
}

// seen is an ordinary mesh in which a claim failed, and nothing tells why.
func seen(phase string, statement timeline.Statement) Seen {
	has := translate.Cluster(rule10())
	return Seen{Rule: rule10(), Sidecar: &has, Looked: true, Rise: timeline.Counters{Exported: true}, Detectors: []string{"CONSECUTIVE_GATEWAY_FAILURE"},
		Failed: []timeline.Phase{{Name: phase, Statement: statement, Expected: "this", Measured: "that"}},
		Pods: []Pod{{Name: "a", Answers: map[int]int{200: 30}, Booked: 30},
			{Name: "b", Faulty: true, Answers: map[int]int{504: 10}, Booked: 10, Errors: 10, Ejections: 1}}}
}

// fits is, for each code, what was seen where that is the cause.
var fits = map[string]func(*Seen){
	NoRule:        func(s *Seen) { s.Symptoms = []timeline.Symptom{{Code: NoRule, Detail: "none"}} },
	NoSidecar:     func(s *Seen) { s.Symptoms = []timeline.Symptom{{Code: NoSidecar, Detail: "none"}} },
	"breaker-off": func(s *Seen) { s.Rule.Enabled, s.Failed[0].Name = false, "preflight" },
	"breaker-on":  func(s *Seen) { s.Claim.Phases = []string{"off"} },
	"no-threshold": func(s *Seen) {
		s.Rule.ConsecutiveGatewayErrors = new(uint32(0))
	},
	"no-faulty-pod":           func(s *Seen) { s.Pods = s.Pods[:1] },
	"threshold-masked-by-5xx": func(s *Seen) { s.Rule.Consecutive5xxErrors = nil },
	"threshold-changed":       func(s *Seen) { s.Claim.ExpectThreshold = 3 },
	"max-ejection-percent":    func(s *Seen) { s.Rule.MaxEjectionPercent = 10 },
	"times-overlap": func(s *Seen) {
		s.Rule.Interval, s.Failed[0].Name, s.Pods[1].Ejections = 40*time.Second, "second", 2
	},
	"panic-routing":        func(s *Seen) { s.Sidecar.PanicPercent, s.Failed[0].Name = 60, "clean" },
	"hidden-by-port-level": hiding("hidden-by-port-level"),
	"hidden-by-subset":     symptom("hidden-by-subset"),
	"hidden-by-other-rule": hiding("hidden-by-other-rule"),
	"mesh-default-policy": func(s *Seen) {
		symptom("mesh-default-policy")(s)
		s.Rule.Enabled = false
	},
	"cluster-domain":    symptom("cluster-domain"),
	"rule-not-in-force": func(s *Seen) { s.Sidecar.Outlier.Gateway = 5 },
	"forbidden-exec":    func(s *Seen) { s.Lost = map[string]string{"load": `pods "c" is forbidden`} },
	"forbidden-port-forward": func(s *Seen) {
		s.Lost = map[string]string{"endpoint health": `pods "c" is forbidden`}
	},
	"forbidden-logs":      func(s *Seen) { s.Lost = map[string]string{"outlier log": "Unauthorized"} },
	"admin-elsewhere":     func(s *Seen) { s.Lost = map[string]string{"endpoint health": "dial tcp 127.0.0.1:15000: refused"} },
	"hbone":               symptom("hbone"),
	"not-http":            symptom("not-http"),
	"waypoint":            symptom("waypoint"),
	"sidecar-restarted":   func(s *Seen) { s.Disturbed = string(timeline.CountersReset) },
	"rule-changed-midway": func(s *Seen) { s.Disturbed = string(timeline.ClusterReplaced) },
	"faulty-pod-gone":     func(s *Seen) { s.Pods[1].Gone = true },
	"mtls-mismatch": func(s *Seen) {
		symptom("mtls-mismatch")(s)
		says("upstream connect error or disconnect/reset before headers. reset reason: connection termination")(s)
	},
	"fault-injection": says("fault filter abort"),
	"no-route":        func(s *Seen) { s.Own = []Own{{Code: 404, Count: 20}} },
	"no-cluster": func(s *Seen) {
		symptom("no-cluster")(s)
		s.Own = []Own{{Code: 503, Count: 20}}
	},
	"pool-overflow":               says("upstream connect error or disconnect/reset before headers. reset reason: overflow"),
	"upstream-timeout":            says("upstream request timeout"),
	"upstream-connection-failure": says("upstream connect error or disconnect/reset before headers. reset reason: connection failure"),
	"no-healthy-upstream":         says("no healthy upstream"),
	"downstream-closed": func(s *Seen) {
		s.NoAnswer = map[string]int{"waiting for an answer: timeout": 20}
		s.Pods[1] = Pod{Name: "b", Faulty: true, Booked: 20}
	},
	"statistics-renamed": func(s *Seen) {
		symptom("statistics-renamed")(s)
		s.Rise.Exported, s.Failed[0].Name = false, "counters"
	},
	"statistics-missing":    func(s *Seen) { s.Rise.Exported, s.Failed[0].Name = false, "counters" },
	"detected-not-enforced": func(s *Seen) { s.Unenforced, s.Pods[1].Ejections = 2, 0 },
	"retries-mask":          func(s *Seen) { s.Pods[1].Answers = map[int]int{} },
	"locality-failover": func(s *Seen) {
		s.Pods[0].Locality, s.Pods[1] = "r/z1", Pod{Name: "b", Faulty: true, Locality: "r/z2", Answers: map[int]int{}}
	},
	"bypasses-sidecar": func(s *Seen) { s.Pods[0].Booked, s.Pods[1].Booked, s.Pods[1].Ejections = 0, 0, 0 },
	"other-caller":     func(s *Seen) { s.Pods[0].Booked = 500 },
	"answers-other-than-gateway": func(s *Seen) {
		s.Pods[1].Answers = map[int]int{500: 10}
	},
	"no-pod-fails":   func(s *Seen) { s.Pods[1].Answers, s.Pods[1].Errors = map[int]int{200: 10}, 0 },
	"no-endpoints":   symptom("no-endpoints"),
	"pods-not-ready": func(s *Seen) { s.Pods[1].NotReady = true },
	"too-few-answers": func(s *Seen) {
		s.Failed[0].Name, s.Failed[0].Missing = "clean", "3 answers of others in time out 1 of b"
	},
	"too-coarse":             func(s *Seen) { s.Failed[0].Missing = "a narrower count: 9 to 10" },
	"ejected-again-too-late": func(s *Seen) { s.Failed[0].Missing = "2s after it Envoy may have forgotten the first" },
	"clocks-apart":           func(s *Seen) { s.Jumped = true },
	"log-missing":            func(s *Seen) { s.Detectors = nil },
	NotReadable:              symptom(NotReadable),
	Unknown:                  func(*Seen) {},
}

func symptom(code string) func(*Seen) {
	return func(s *Seen) { s.Symptoms = []timeline.Symptom{{Code: code, Detail: "found"}} }
}

func hiding(code string) func(*Seen) {
	return func(s *Seen) {
		symptom(code)(s)
		s.Sidecar.Outlier = nil
	}
}

func says(text string) func(*Seen) {
	return func(s *Seen) { s.Own = []Own{{Code: 503, Said: text, Count: 20}} }
}

func TestEachCauseIsNamedFromItsSymptomsFirst(t *testing.T) {
	for _, code := range Codes() {
		t.Run(code, func(t *testing.T) {
			make := fits[code]
			if make == nil {
				t.Fatal("no test of it")
			}
			s := seen("trip", timeline.Refuted)
			make(&s)
			got := Causes(s)
			if len(got) == 0 || got[0].Code != code {
				t.Fatalf("got %+v, want %s first", got, code)
			}
			if code != Unknown && (got[0].Source == "" || got[0].Fix == "") {
				t.Errorf("no source or fix: %+v", got[0])
			}
		})
	}
}

func TestWhatASurveyFoundIsNamedWithTheCauseThatItBelongsTo(t *testing.T) {
	s := seen("trip", timeline.Refuted)
	says("fault filter abort")(&s)
	s.Symptoms = []timeline.Symptom{{Code: "fault-injection", Detail: "VirtualService n/a aborts requests"}, {Code: "fault-injection", Detail: "VirtualService n/b aborts requests"},
		{Code: "bypasses-sidecar", Detail: "an annotation that keeps nothing away"}}
	got := Causes(s)
	if len(got) != 1 || !strings.HasSuffix(got[0].Text, "(VirtualService n/a aborts requests; VirtualService n/b aborts requests)") {
		t.Errorf("got %+v", got)
	}
}

// A rule's own block wins over the mesh's: that the mesh has one explains nothing.
func TestAMeshsPolicyIsNoCauseWhereTheRuleHasItsOwn(t *testing.T) {
	s := seen("trip", timeline.Refuted)
	symptom("mesh-default-policy")(&s)
	s.Sidecar.Outlier.Gateway = 5
	if got := Causes(s); len(got) != 1 || got[0].Code != "rule-not-in-force" {
		t.Errorf("got %+v", got)
	}
}

// As a real sidecar answered where the server demanded mTLS: it counts errors of
// pods that it could not talk to, and tells the caller of each.
func TestAnMTLSMismatchIsTheOnlyCauseNamed(t *testing.T) {
	s := seen("mix", timeline.NotProven)
	s.Symptoms = []timeline.Symptom{{Code: "mtls-mismatch", Detail: "STRICT against DISABLE"}}
	s.Own = []Own{{Code: 503, Said: "upstream connect error or disconnect/reset before headers. reset reason: connection termination", Count: 101}}
	s.Pods = []Pod{{Name: "a", Booked: 15, Errors: 15, Ejections: 1}, {Name: "b", Faulty: true, Booked: 85, Errors: 85, Ejections: 1}}
	if got := Causes(s); len(got) != 1 || got[0].Code != "mtls-mismatch" {
		t.Errorf("got %+v", got)
	}
}

// A pod's sidecar whose container is down answers in its place.
func TestAnAnswerOfAPodsSidecarIsToldFromOneOfTheCallers(t *testing.T) {
	s := seen("trip", timeline.Refuted)
	s.Own = []Own{{Code: 503, Said: "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure", Elsewhere: true, Count: 20}}
	got := Causes(s)
	if len(got) == 0 || got[0].Code != "upstream-connection-failure" || !strings.Contains(got[0].Text, "behind the caller's") {
		t.Errorf("got %+v", got)
	}
}

func TestWhatOnlyResemblesACauseIsNotNamed(t *testing.T) {
	tests := []struct {
		name, code string
		make       func(*Seen)
	}{
		{"a 404 of a service elsewhere is not a missing route", "no-route", func(s *Seen) { s.Own = []Own{{Code: 404, Elsewhere: true, Count: 20}} }},
		{"a bare 503 alone tells of no missing cluster", "no-cluster", func(s *Seen) { s.Own = []Own{{Code: 503, Count: 20}} }},
		{"a few answers given up beside errors of the pod", "downstream-closed", func(s *Seen) { s.NoAnswer = map[string]int{"waiting for an answer: timeout": 2} }},
		{"requests of a subset do pass the sidecar", "bypasses-sidecar", func(s *Seen) {
			symptom("hidden-by-subset")(s)
			s.Pods[0].Booked, s.Pods[1].Booked, s.Pods[1].Errors, s.Pods[1].Ejections = 0, 0, 0, 0
		}},
		{"a subset that is not declared has no cluster to look at", "hidden-by-subset", func(s *Seen) {
			s.Symptoms = []timeline.Symptom{{Code: "hidden-by-subset"}, {Code: "no-cluster"}}
			s.Own = []Own{{Code: 503, Count: 102}}
		}},
		{"a request that a pool refuses is no connection that failed", "upstream-connection-failure", fits["pool-overflow"]},
		{"statistics under another name are there", "statistics-missing", fits["statistics-renamed"]},
		{"words of a service elsewhere are not the sidecar's", "fault-injection", func(s *Seen) {
			s.Own = []Own{{Code: 503, Said: "fault filter abort", Elsewhere: true, Count: 20}}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := seen("trip", timeline.Refuted)
			tt.make(&s)
			for _, c := range Causes(s) {
				if c.Code == tt.code {
					t.Errorf("got %+v", c)
				}
			}
		})
	}
}

func TestWhereNothingFailedThereIsNoCause(t *testing.T) {
	for code, make := range fits {
		s := seen("trip", timeline.Refuted)
		make(&s)
		s.Failed = nil
		if got := Causes(s); len(got) > 0 {
			t.Errorf("%s: got %+v", code, got)
		}
	}
}

func TestWhatNothingFitsIsSaidAndNotGuessed(t *testing.T) {
	got := Causes(seen("return", timeline.Refuted))
	if len(got) != 1 || got[0].Code != Unknown || !strings.Contains(got[0].Text, `return, expected "this", measured "that"`) || got[0].Fix != "" {
		t.Errorf("got %+v", got)
	}
}

func TestEachCauseHasASectionInTheDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/causes.md")
	if err != nil {
		t.Fatal(err)
	}
	var described []string
	for line := range strings.Lines(string(text)) {
		if code, is := strings.CutPrefix(strings.TrimSpace(line), "## "); is {
			described = append(described, code)
		}
	}
	want := Codes()
	slices.Sort(want)
	slices.Sort(described)
	if !slices.Equal(want, described) {
		t.Errorf("described are\n%q, want\n%q", described, want)
	}
}
