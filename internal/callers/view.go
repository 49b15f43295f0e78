package callers

import (
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/ejection"
	"istio-circuit-breaker/internal/envoyadmin"
	"istio-circuit-breaker/internal/timeline"
)

const (
	// countersEvery is the time between two looks at counters and configuration
	// where nothing changes: Envoy goes through all of its statistics for them.
	countersEvery = 5 * time.Second
	// logLate is how long an ejection waits for its line of the log to tell the
	// cause, before it is counted without one.
	logLate = 3 * time.Second
)

// view folds one caller's cluster.
type view struct {
	caller  Caller
	cluster string
	fold    *ejection.Fold
	ahead   bounds // of the caller's clock

	outlier      *timeline.OutlierDetection
	outlierKnown bool
	counters     [2]timeline.Counters // the newest, and the one before
	countersAt   time.Time
	settling     int // looks that ask for the counters again

	looked   time.Time // when the newest look was asked for; zero: not yet
	cells    map[string]*cell
	requests uint64
	counts   map[Count]uint64
	listed   []timeline.Pod // as the fold was told
}

// cell is a pod as the view has it.
type cell struct {
	Cell
	number  int       // of the log's newest ejection: a bound of Envoy's multiple
	counted time.Time // when it has to be counted; zero: it is
}

func newView(c Caller, cluster string) *view {
	return &view{caller: c, cluster: cluster, fold: ejection.New(cluster), cells: map[string]*cell{}, counts: map[Count]uint64{}}
}

// asksCounters is whether a look that found these endpoints needs the counters.
func (v *view) asksCounters(at time.Time, endpoints []envoyadmin.Endpoint) bool {
	for _, e := range endpoints {
		if c := v.cells[e.Address]; c != nil && (c.Out != e.Ejected || e.Requests < c.Requests) {
			// The endpoints were asked for first: they may be those of before.
			v.settling = 2
		}
	}
	if v.settling > 0 {
		v.settling--
		return true
	}
	return at.Sub(v.countersAt) >= countersEvery
}

// take takes one look. Counters are nil where they were not asked for.
func (v *view) take(asked, answered time.Time, endpoints []envoyadmin.Endpoint, counters *timeline.Counters, names Names) []Event {
	if counters != nil {
		v.counters, v.countersAt = [2]timeline.Counters{*counters, v.counters[0]}, asked
	}
	v.list(asked, endpoints)
	var events []Event
	entries := v.fold.Look(asked, endpoints, v.counters[0])
	v.requests = 0
	inEnvoy := make(map[string]bool, len(endpoints))
	for _, e := range endpoints {
		inEnvoy[e.Address] = true
		v.requests += e.Requests
		c := v.cells[e.Address]
		if c == nil {
			c = &cell{Cell: Cell{Address: e.Address}}
			v.cells[e.Address] = c
			if e.Ejected {
				c.Out, c.Since = true, Between{Latest: answered}
				events = append(events, v.event(asked, OutAlready, e.Address, names))
			}
		}
		c.Pod, c.Requests, c.Errors = names.Of(e.Address), e.Requests, e.Errors
	}
	for address, c := range v.cells {
		if inEnvoy[address] {
			continue
		}
		if c.Out { // Envoy has forgotten the ejection with the host
			gone := v.event(asked, timeline.PodReturned, address, names)
			gone.Detail = "the caller's Envoy has the pod no more, and its ejection with it"
			events = append(events, gone)
		}
		v.count(c)
		delete(v.cells, address)
	}
	for _, e := range entries {
		events = append(events, v.entry(e, Between{v.looked, answered})...)
	}
	v.settle(answered)
	v.looked = asked
	return events
}

// list tells the fold which addresses there are, once that has changed. It knows
// them by no other name: that of a pod may be learned later, which is no new pod.
func (v *view) list(at time.Time, endpoints []envoyadmin.Endpoint) {
	if slices.EqualFunc(endpoints, v.listed, func(e envoyadmin.Endpoint, p timeline.Pod) bool { return e.Address == p.Address }) {
		return
	}
	v.listed = make([]timeline.Pod, 0, len(endpoints))
	for _, e := range endpoints {
		v.listed = append(v.listed, timeline.Pod{Name: e.Address, Address: e.Address})
	}
	v.fold.Pods(at, v.listed)
}

// settle counts ejections whose cause is known, or will not be.
func (v *view) settle(at time.Time) {
	for _, c := range v.cells {
		if !c.counted.IsZero() && (c.Cause != "" || !at.Before(c.counted)) {
			v.count(c)
		}
	}
}

func (v *view) count(c *cell) {
	if c.counted.IsZero() {
		return
	}
	cause := c.Cause
	if cause == "" {
		cause = Unknown
	}
	v.counts[Count{c.Pod, cause}]++
	c.counted = time.Time{}
}

// show is the view as others see it.
func (v *view) show() View {
	shown := View{Caller: v.caller, Cluster: v.cluster, Looked: v.looked, Outlier: v.outlier, OutlierKnown: v.outlierKnown,
		Counters: v.counters[0], Requests: v.requests, Ejections: make(map[Count]uint64, len(v.counts))}
	for k, n := range v.counts {
		shown.Ejections[k] = n
	}
	for _, c := range v.cells {
		one := c.Cell
		if one.Out {
			one.Back = back(c.Since, v.outlier, v.multiple(c))
		}
		shown.Pods = append(shown.Pods, one)
	}
	slices.SortFunc(shown.Pods, func(a, b Cell) int {
		return strings.Compare(a.Pod+" "+a.Address, b.Pod+" "+b.Address)
	})
	return shown
}
