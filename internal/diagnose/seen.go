package diagnose

import (
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// Seen is all that bears on a cause, as plain facts.
type Seen struct {
	Rule    breaker.Rule
	Sidecar *timeline.Sidecar // nil where it was not read
	Claim   timeline.Claim
	Failed  []timeline.Phase // claims that are refuted or not proven
	Pods    []Pod            // sorted by name
	Own     []Own            // answers that the sidecar gave itself
	// NoAnswer counts requests without an answer, by the client's error.
	NoAnswer map[string]int
	// Rise is how much the counters rose; Exported as at the last look.
	Rise timeline.Counters
	// Looked is false where the sidecar was never looked at.
	Looked bool
	// Detectors that the outlier log named, and how many of its ejections were
	// only detected.
	Detectors  []string
	Unenforced int
	Lost       map[string]string // sources that were lost, with the reason
	Disturbed  string            // what changed meanwhile; empty: nothing did
	Symptoms   []timeline.Symptom
	// Apart is the width of what is known of the sidecar's clock.
	Apart time.Duration
	// Jumped is true where a clock was set meanwhile.
	Jumped bool
}

// Pod is one, as the caller, the sidecar and the API server have it.
type Pod struct {
	Name     string
	Faulty   bool // made to fail
	Gone     bool
	NotReady bool
	Locality string
	Flags    []string
	// Answers by code, as the caller had them.
	Answers map[int]int
	// Booked and Errors are the sidecar's rq_total and rq_error.
	Booked, Errors uint64
	Ejections      int
}

// Own is an answer that no pod of the service gave.
type Own struct {
	Code int
	Said string // the beginning of its body
	// Elsewhere is true where somebody behind the sidecar gave it, a pod's own
	// sidecar or another service: the caller's tells how long it waited for them.
	Elsewhere bool
	Count     int
}

// failed is whether a claim of a phase failed.
func (s Seen) failed(phases ...string) bool {
	return slices.ContainsFunc(s.Failed, func(p timeline.Phase) bool { return slices.Contains(phases, p.Name) })
}

func (s Seen) refuted(phases ...string) bool {
	return slices.ContainsFunc(s.Failed, func(p timeline.Phase) bool {
		return p.Statement == timeline.Refuted && slices.Contains(phases, p.Name)
	})
}

// symptom is the details of all of a code that were found.
func (s Seen) symptom(code string) (string, bool) {
	var all []string
	for _, f := range s.Symptoms {
		if f.Code == code {
			all = append(all, f.Detail)
		}
	}
	return strings.Join(all, "; "), len(all) > 0
}

// What the sidecar says where a connection pool's limits refuse a request, after the
// words for connections that fail. Source: envoy source/common/http/utility.cc,
// resetReasonToString.
const (
	poolWord      = "overflow"
	refusedByPool = "reset reason: " + poolWord
)

// said is how many of the sidecar's own answers have a text, and one of them.
func (s Seen) said(texts ...string) (n int, text string) { return s.find(false, texts) }

// elsewhere is the same of those that came from behind the sidecar.
func (s Seen) elsewhere(texts ...string) (n int, text string) { return s.find(true, texts) }

func (s Seen) find(elsewhere bool, texts []string) (n int, text string) {
	for _, o := range s.Own {
		if strings.HasSuffix(o.Said, refusedByPool) && !slices.Contains(texts, poolWord) {
			continue // in Envoy's words a connection that failed, and it never tried one
		}
		if o.Elsewhere == elsewhere && slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(o.Said, t) }) {
			n, text = n+o.Count, o.Said
		}
	}
	return n, text
}

// bare is how many answers of a code the sidecar gave itself without a body.
func (s Seen) bare(code int) int {
	n := 0
	for _, o := range s.Own {
		if o.Code == code && o.Said == "" && !o.Elsewhere {
			n += o.Count
		}
	}
	return n
}

func (s Seen) faulty() []Pod {
	return slices.DeleteFunc(slices.Clone(s.Pods), func(p Pod) bool { return !p.Faulty })
}

func (p Pod) answered() int {
	n := 0
	for _, c := range p.Answers {
		n += c
	}
	return n
}

// gateway is how many gateway errors the caller had of the pod.
func (p Pod) gateway() int {
	n := 0
	for code, c := range p.Answers {
		if timeline.GatewayError(code) {
			n += c
		}
	}
	return n
}

func (s Seen) ejections() int {
	n := 0
	for _, p := range s.Pods {
		n += p.Ejections
	}
	return n
}

func (s Seen) answered() int {
	n := 0
	for _, p := range s.Pods {
		n += p.answered()
	}
	return n
}

// fails is whether the caller had an error of 5xx of any pod.
func (s Seen) fails() bool {
	return slices.ContainsFunc(s.Pods, func(p Pod) bool {
		for code := range p.Answers {
			if code >= 500 {
				return true
			}
		}
		return false
	})
}

// gaveUp is how many requests the caller gave up waiting for.
func (s Seen) gaveUp() int {
	n := 0
	for text, count := range s.NoAnswer {
		if strings.Contains(text, "timeout") {
			n += count
		}
	}
	return n
}
