package ejection

import (
	"cmp"
	"slices"
	"time"

	"istio-circuit-breaker/internal/envoyadmin"
	"istio-circuit-breaker/internal/timeline"
)

// Names of the sources, as events carry them.
const (
	LogSource      = "outlier log"
	HealthSource   = "endpoint health"
	CountersSource = "counters"
	PodsSource     = "API server"
	AnswersSource  = "answers"
)

// settle is how long two sources may differ before it is a disagreement: the
// sidecar writes its event log out once a second.
const settle = 2 * time.Second

// Fold holds the state between inputs. It is not safe for concurrent use.
type Fold struct {
	cluster  string
	pods     map[string]timeline.Pod        // by name; nil until the first list
	hosts    map[string]*host               // by address
	inEnvoy  map[string]envoyadmin.Endpoint // the last endpoints, by address
	counters timeline.Counters
	active   difference // of ejections_active from the endpoints
	// ahead is how far the sidecar's clock is before the observer's.
	ahead time.Duration
}

// host is one address as the client's sidecar treats it.
type host struct {
	out       bool
	seen      bool // health has been seen once
	ejections int
	changes   []change // since the run began, oldest first
	requests  uint64
	before    bool       // it was called before it was first seen
	answers   []answered // by their end
	log       difference // of endpoint health from the log
}

// change is one ejection or return on record.
type change struct {
	out      bool
	at       time.Time // reported
	decided  time.Time // by Envoy; zero where only health told
	byHealth bool
	byLog    bool
	any5xx   bool // the log names the detector of any 5xx
	ejection int  // its number
	errors   int
}

// difference of two sources: since when, and whether it was told.
type difference struct {
	since time.Time
	told  bool
}

// persists notes that the sources differ, and is true once, when they have done
// so for longer than they may.
func (d *difference) persists(at time.Time) bool {
	if d.since.IsZero() {
		d.since = at
	}
	if d.told || at.Sub(d.since) < settle {
		return false
	}
	d.told = true
	return true
}

// when is the time of a change by the sidecar's clock.
func (f *Fold) when(c change) time.Time {
	if c.decided.IsZero() {
		return c.at.Add(f.ahead)
	}
	return c.decided
}

// SetAhead says how far the sidecar's clock is before the observer's, which the
// other inputs' times are of, but for those of answers and of the log.
func (f *Fold) SetAhead(ahead time.Duration) { f.ahead = ahead }

// New makes a fold for one cluster by Envoy's name.
func New(cluster string) *Fold {
	return &Fold{cluster: cluster, hosts: map[string]*host{}, inEnvoy: map[string]envoyadmin.Endpoint{}}
}

// Pods takes the API server's list of the service's pods, with State set to
// Terminating where it applies. The first list makes no events.
func (f *Fold) Pods(at time.Time, pods []timeline.Pod) []timeline.Entry {
	first := f.pods == nil
	now := make(map[string]timeline.Pod, len(pods))
	var entries []timeline.Entry
	for _, pod := range pods {
		now[pod.Name] = pod
		if _, had := f.pods[pod.Name]; !had && !first {
			entries = append(entries, event(at, timeline.Event{Kind: timeline.PodAdded, Pod: pod.Name, Source: PodsSource, Detail: pod.Address}))
		}
	}
	for name, pod := range f.pods {
		if _, has := now[name]; has {
			continue
		}
		entries = append(entries, event(at, timeline.Event{Kind: timeline.PodRemoved, Pod: name, Source: PodsSource, Detail: pod.Address}))
		// Envoy forgets a removed host's count and ejections with it, and the
		// address may go to another pod.
		delete(f.hosts, pod.Address)
	}
	slices.SortStableFunc(entries, func(a, b timeline.Entry) int { return cmp.Compare(a.Event.Pod, b.Event.Pod) })
	f.pods = now
	return entries
}

// Snapshot is the state after the inputs so far.
func (f *Fold) Snapshot() timeline.Snapshot {
	s := timeline.Snapshot{Pods: make([]timeline.Pod, 0, len(f.pods)), Counters: f.counters}
	for _, pod := range f.pods {
		h := f.hosts[pod.Address]
		seen, known := f.inEnvoy[pod.Address]
		switch {
		case h != nil && h.out:
			pod.State = timeline.Ejected
		case pod.State == timeline.Terminating:
		case known:
			pod.State = timeline.InRotation
		default:
			pod.State = timeline.Unknown
		}
		pod.Requests, pod.Errors, pod.Active, pod.Flags, pod.Locality = seen.Requests, seen.Errors, seen.Active, seen.Flags, seen.Locality
		if h != nil {
			pod.Ejections = h.ejections
		}
		s.Pods = append(s.Pods, pod)
	}
	slices.SortFunc(s.Pods, func(a, b timeline.Pod) int { return cmp.Compare(a.Name, b.Name) })
	return s
}

func (f *Fold) host(address string) *host {
	h := f.hosts[address]
	if h == nil {
		h = &host{}
		f.hosts[address] = h
	}
	return h
}

// Name is the pod at an address; the address where the API server knows none.
func (f *Fold) Name(address string) string { return f.name(address) }

// name is the pod at an address; the address where the API server knows none.
func (f *Fold) name(address string) string {
	for _, pod := range f.pods {
		if pod.Address == address {
			return pod.Name
		}
	}
	return address
}

func event(at time.Time, e timeline.Event) timeline.Entry { return timeline.Entry{Time: at, Event: &e} }
