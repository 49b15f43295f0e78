package breaker

import (
	"fmt"
	"strings"
	"time"
)

// Words is the effective rule in one or two sentences.
func (r Rule) Words(healthy, faulty int) string {
	if !r.Enabled {
		return "The breaker is off: no pod is ever taken out."
	}
	if r.Unchosen != "" {
		return "No sidecar takes a pod out: " + r.Unchosen + "."
	}
	errors, by := r.Threshold()
	if by == NoDetector {
		return "No error count ejects a pod: " + strings.Replace(r.noThreshold(), "Both", "both", 1) + "."
	}
	pods := healthy + faulty
	out := r.Ejectable(pods)
	if out == 0 {
		return fmt.Sprintf("No pod is ever taken out: %d %% of %s is less than one pod.", r.Percent(), Count(pods, "pod"))
	}
	kind := "gateway errors (502, 503, 504)"
	if by == Any5xxDetector {
		kind = "5xx answers"
	}
	take := "take"
	if errors == 1 {
		kind, take = strings.NewReplacer("errors", "error", "answers", "answer").Replace(kind), "takes"
	}
	limit := fmt.Sprintf("At most %d of %s may be out at once.", out, Count(pods, "pod"))
	if out >= pods {
		limit = "All pods may be out at once: " + r.AllOut().Words
	}
	longer := fmt.Sprintf(", and %s longer each time after that, up to %s", Short(r.Base()), Short(r.Cap()))
	if r.Base() >= r.Cap() {
		longer = " each time"
	}
	return fmt.Sprintf("%d %s in a row %s a pod out for %s%s. %s", errors, kind, take, Short(r.Base()), longer, limit)
}

// Brief is the rule in a few words, whatever the number of pods.
func (r Rule) Brief() string {
	errors, by := r.Threshold()
	if by == NoDetector {
		return "no pod is ever taken out"
	}
	noun := "gateway error"
	if by == Any5xxDetector {
		noun = "5xx answer"
	}
	return fmt.Sprintf("%s in a row, out for %s, sweep every %s, at most %d %% of pods", Count(int(errors), noun), Short(r.Base()), Short(r.Sweep()), r.Percent())
}

// Outage is what callers see while every pod is out.
type Outage struct {
	Panic bool   `json:"panic"` // traffic goes to ejected pods all the same
	Words string `json:"words"`
}

// AllOut is what callers see while every pod is out. Istio writes
// minHealthPercent as Envoy's panic threshold, and 0 where it is not set, so
// that Envoy answers by itself instead of trying pods that it holds for bad.
// Source: istio pilot/pkg/networking/core/cluster_traffic_policy.go.
func (r Rule) AllOut() Outage {
	if r.MinHealthPercent > 0 {
		return Outage{Panic: true, Words: fmt.Sprintf(
			"with fewer than %d %% in rotation Envoy ignores ejections and calls them all.", r.MinHealthPercent)}
	}
	return Outage{Words: "callers then get 503 with flag UH (no healthy upstream)."}
}

// Short is d without the zero units at its end: 5m, not 5m0s.
func Short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Count is a number and its noun: 1 pod, 2 pods.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Ordinal is n as 1st, 2nd, 3rd, 11th.
func Ordinal(n int) string {
	end := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			end = "st"
		case 2:
			end = "nd"
		case 3:
			end = "rd"
		}
	}
	return fmt.Sprint(n, end)
}
