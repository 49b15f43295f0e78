package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Load is what was sent, as the answers show it.
type Load struct {
	Requests int `json:"requests"`
	// Seconds are from the first request to the last answer.
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"requestsPerSecond"` // on average
	// Most requests that were under way at once.
	Most int `json:"mostUnderWay"`
}

func load(answers []answer) Load {
	l := Load{Requests: len(answers)}
	if len(answers) == 0 {
		return l
	}
	sent := make([]float64, len(answers))
	for i, a := range answers {
		sent[i] = a.sent
	}
	slices.Sort(sent)
	if l.Seconds = micro(answers[len(answers)-1].end - sent[0]); l.Seconds > 0 {
		l.PerSecond = micro(float64(len(answers)) / l.Seconds)
	}
	// Both are in order, so that one walk over the ends counts what is under way.
	// Who sends one at a time begins the next when the last has ended, give or
	// take what the two clock readings differ by.
	const step = 1e-5
	ended := 0
	for i, at := range sent {
		for ended < len(answers) && answers[ended].end <= at+step {
			ended++
		}
		l.Most = max(l.Most, i+1-min(ended, i))
	}
	return l
}

func (l Load) words() string {
	if l.Requests == 0 {
		return "No requests: the run only looked."
	}
	under := "one at a time"
	if l.Most > 1 {
		under = fmt.Sprintf("up to %s at a time", many(l.Most))
	}
	return fmt.Sprintf("%s in %s, %s a second on average, %s", count(l.Requests, "request"), seconds(l.Seconds), rate(l.PerSecond), under)
}

func rate(perSecond float64) string {
	if perSecond < 9.95 {
		return fmt.Sprintf("%.1f", perSecond)
	}
	return fmt.Sprintf("%.0f", perSecond)
}

// Latency is how long answers of one pod and code took.
type Latency struct {
	Pod   string  `json:"pod"`  // empty: no pod answered
	Code  int     `json:"code"` // 0: no answer
	Count int     `json:"count"`
	P50   float64 `json:"p50Seconds"`
	P90   float64 `json:"p90Seconds"`
	P99   float64 `json:"p99Seconds"`
	Worst float64 `json:"worstSeconds"`

	kind kind
}

// latencies are rows in the order of the pods, then codes.
func latencies(r *Run) []Latency {
	type key struct {
		pod  string
		code int
	}
	all, kinds := map[key][]float64{}, map[key]kind{}
	for _, a := range r.answers {
		k := key{a.pod, a.code}
		all[k], kinds[k] = append(all[k], a.took), a.kind
	}
	place := map[string]int{"": len(r.Pods)}
	for i, p := range r.Pods {
		place[p.Name] = i
	}
	rows := []Latency{}
	for k, took := range all {
		row := quantiles(took)
		row.Pod, row.Code, row.kind = k.pod, k.code, kinds[k]
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b Latency) int {
		return cmp.Or(cmp.Compare(place[a.Pod], place[b.Pod]), cmp.Compare(a.Code, b.Code))
	})
	return rows
}

func quantiles(took []float64) Latency {
	slices.Sort(took)
	return Latency{Count: len(took), P50: quantile(took, 0.5), P90: quantile(took, 0.9), P99: quantile(took, 0.99), Worst: took[len(took)-1]}
}

// quantile is the smallest value that at least q of all do not exceed.
func quantile(sorted []float64, q float64) float64 {
	return sorted[max(int(math.Ceil(q*float64(len(sorted))))-1, 0)]
}

// Period is a time in which the same pods were out, or none.
type Period struct {
	What string `json:"what"`
	span
	// Seconds it lasted; where several are put together, all of them.
	Seconds  float64 `json:"seconds"`
	Requests int     `json:"requests"` // asked for in that time
	Good     int     `json:"good"`     // of them, that were answered 2xx or 3xx
	// Out is true where a pod was out.
	Out bool `json:"out"`
}

// Share of good answers; 0 where there was no request.
func (p Period) Share() float64 {
	if p.Requests == 0 {
		return 0
	}
	return float64(p.Good) / float64(p.Requests)
}

// mostPeriods is how many are told apart; where there are more, those of a kind
// are put together.
const mostPeriods = 12

// periods tell what callers got before, during and after ejections.
func periods(r *Run) []Period {
	var edges []float64
	for _, p := range r.Pods {
		for _, o := range p.Outs {
			edges = append(edges, o.From, o.To)
		}
	}
	if len(edges) == 0 {
		if len(r.answers) == 0 {
			return []Period{}
		}
		return tally(r, []Period{{What: "The whole run", span: span{0, r.Seconds}}})
	}
	edges = append(edges, 0, r.Seconds)
	slices.Sort(edges)
	all, been := []Period{}, false
	for i, from := range edges[:len(edges)-1] {
		p := Period{span: span{from, edges[i+1]}}
		if p.To <= p.From {
			continue
		}
		var out []string
		for _, pod := range r.Pods {
			if slices.ContainsFunc(pod.Outs, func(o Out) bool { return o.has(from) }) {
				out = append(out, pod.Name)
			}
		}
		p.What, p.Out = "Before the first ejection", len(out) > 0
		switch {
		case len(out) == 1:
			p.What = out[0] + " out"
		case p.Out:
			p.What = fmt.Sprintf("%d pods out", len(out))
		case been:
			p.What = "All back"
		}
		been = been || p.Out
		if n := len(all) - 1; n >= 0 && all[n].What == p.What {
			all[n].To = p.To
			continue
		}
		all = append(all, p)
	}
	all = tally(r, all)
	if len(all) > mostPeriods {
		return together(all)
	}
	return all
}

// tally counts the requests of each period by when they were asked for.
func tally(r *Run, all []Period) []Period {
	for i := range all {
		all[i].Seconds = micro(all[i].To - all[i].From)
	}
	for _, a := range r.answers {
		i, found := slices.BinarySearchFunc(all, a.sent, func(p Period, t float64) int { return cmp.Compare(p.From, t) })
		if !found {
			i--
		}
		if i < 0 || i >= len(all) {
			continue
		}
		all[i].Requests++
		if a.kind == ok {
			all[i].Good++
		}
	}
	return all
}

// together adds up the periods before, with and without a pod out.
func together(all []Period) []Period {
	sum := []Period{{What: "Before the first ejection"}, {What: "While a pod was out", Out: true}, {What: "While all were back"}}
	for i, p := range all {
		k := 2
		if p.Out {
			k = 1
		} else if i == 0 {
			k = 0
		}
		s := &sum[k]
		if s.Requests == 0 && s.To == 0 {
			s.From = p.From
		}
		s.To, s.Seconds, s.Requests, s.Good = p.To, micro(s.Seconds+p.Seconds), s.Requests+p.Requests, s.Good+p.Good
	}
	return slices.DeleteFunc(sum, func(p Period) bool { return p.To == 0 })
}
