// Package meshtest is a mesh.Mesh without a cluster, for tests: pods that answer
// or fail, and a sidecar that ejects them as package envoy does. It is made for
// the fake clock of testing/synctest.
package meshtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/meshtest/envoy"
	"istio-circuit-breaker/internal/timeline"
)

// Pod is one simulated pod.
type Pod struct {
	Name, Version string
	Code          int           // of every answer
	Delay         time.Duration // before every answer
	Locality      string
	NotReady      bool
}

// Sim is a simulated mesh. Its exported fields are set before it is used.
type Sim struct {
	Declared     breaker.Rule  // in the DestinationRule
	ByStack      *breaker.Rule // as the stack declared it, where that differs
	InForce      *breaker.Rule // what the sidecar has, where that differs
	Unmanaged    bool
	NoStatistics bool  // no outlier statistics in the sidecar
	NoLog        bool  // no outlier event log
	Retries      bool  // a gateway error is tried again on the next pod
	NoClient     error // what Client returns, if anything
	Refused      error // what Send returns, if anything
	Zones        bool  // callers stay in their own locality, that of the first pod
	// AnswerLag is how much later than the outlier log an answer's line comes
	// through the API server; LogLag how late the log's lines come.
	AnswerLag, LogLag time.Duration
	LogTwice          bool // each line of the log comes twice
	// LogBefore makes the log's times earlier than the decisions.
	LogBefore time.Duration
	// Ahead is how far the cluster's clock is before ours.
	Ahead time.Duration
	// Post is how long a decision takes from a worker to the main thread.
	Post time.Duration
	// Wrong makes another Envoy of the sidecar than its configuration says.
	Wrong envoy.Wrong
	// Lies change what the sidecar's statistics say, by the end of their names;
	// "rq_total" and "rq_error" are each host's.
	Lies map[string]func(uint64) uint64
	// OwnErrors is how many of 100 requests the sidecar answers itself, with 503,
	// while a pod is out.
	OwnErrors int
	// Quiet drops all answers' lines while a pod is out.
	Quiet bool
	// Others send so many requests a second through the same sidecar.
	Others float64
	// Symptoms are what a survey finds.
	Symptoms []timeline.Symptom

	mu      sync.Mutex
	pods    []Pod
	cluster *envoy.Cluster
	started time.Time // the sidecar
	asked   int       // requests, for what happens to some of 100
	life    int       // of the client pod
	specs   []json.RawMessage
	lines   []chan []byte
	lists   []chan struct{}
	down    error // of the API server
}

var _ mesh.Mesh = (*Sim)(nil)

// New makes a mesh with a rule and pods; its sidecar sweeps until ctx ends.
func New(ctx context.Context, rule breaker.Rule, pods ...Pod) *Sim {
	s := &Sim{Declared: rule, pods: pods}
	s.forget()
	go func() {
		for {
			s.mu.Lock()
			interval := time.Second
			if o := s.cluster.Config.Outlier; o != nil {
				interval = o.Interval
			}
			s.mu.Unlock()
			select {
			case <-ctx.Done():
				return
			case <-time.After(interval):
				s.sweep()
			}
		}
	}()
	return s
}

// Pods makes pods that answer 200, and pods that answer 504 after a delay.
func Pods(healthy, faulty int, delay time.Duration) []Pod {
	var pods []Pod
	for i := range healthy {
		pods = append(pods, Pod{Name: fmt.Sprintf("servicex-%d", i+1), Version: "200", Code: 200, Delay: time.Millisecond})
	}
	for i := range faulty {
		pods = append(pods, Pod{Name: fmt.Sprintf("servicex-error-%d", i+1), Version: "504", Code: 504, Delay: delay + time.Millisecond})
	}
	return pods
}

// SetPods replaces the pods.
func (s *Sim) SetPods(pods ...Pod) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pods = pods
	s.endpoints()
	s.cluster.Update(time.Now())
	for _, list := range s.lists {
		select {
		case list <- struct{}{}:
		default:
		}
	}
}

// Break makes the API server fail until it is called with nil.
func (s *Sim) Break(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = err
	if err == nil {
		return
	}
	for _, list := range s.lists {
		close(list)
	}
	for _, log := range s.lines {
		close(log)
	}
	s.lists, s.lines = nil, nil
}

// RestartSidecar forgets what the sidecar knows, as a restart of it does.
func (s *Sim) RestartSidecar() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
}

// ChangeRule puts another rule into the cluster: the sidecar's cluster is made
// anew, with its hosts, while its counters go on. Measured on Envoy 1.40.
func (s *Sim) ChangeRule(rule breaker.Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Declared = rule
	s.configure()
}

// configure gives the sidecar a new cluster for the rule.
func (s *Sim) configure() {
	counters := s.cluster.Counters
	counters.EjectionsActive = 0
	s.cluster = envoy.New(s.config())
	counters.Exported = s.cluster.Config.Outlier != nil
	s.cluster.Counters = counters
	s.endpoints()
}

// forget is what a new sidecar knows, its balancer's turn included.
func (s *Sim) forget() {
	s.cluster, s.started = envoy.New(s.config()), time.Now()
	s.endpoints()
}

// endpoints gives the sidecar the pods; one that it knows keeps its counts.
func (s *Sim) endpoints() {
	known := map[string]*envoy.Host{}
	for _, h := range s.cluster.Hosts {
		known[h.Name] = h
	}
	s.cluster.Hosts = nil
	for _, pod := range s.pods {
		h := known[pod.Name]
		if h == nil {
			h = &envoy.Host{Name: pod.Name}
		}
		h.Locality = pod.Locality
		s.cluster.Hosts = append(s.cluster.Hosts, h)
	}
	active := uint64(0)
	for _, h := range s.cluster.Hosts {
		if h.Out {
			active++
		}
	}
	s.cluster.Counters.EjectionsActive = active
	if len(s.pods) > 0 {
		s.cluster.Caller = s.pods[0].Locality
	}
}

// envoys is the sidecar's cluster, with the fields that a test has set.
func (s *Sim) envoys() *envoy.Cluster {
	s.cluster.Wrong, s.cluster.Zones = s.Wrong, s.Zones
	if s.InForce != nil {
		s.cluster.Config = configOf(*s.InForce)
		s.cluster.Counters.Exported = s.cluster.Config.Outlier != nil
	}
	return s.cluster
}

func (s *Sim) config() timeline.Sidecar {
	if s.InForce != nil {
		return configOf(*s.InForce)
	}
	return configOf(s.Declared)
}

func (s *Sim) address(name string) string {
	for i, pod := range s.pods {
		if pod.Name == name {
			return fmt.Sprintf("198.18.%d.%d:8080", i/250, i%250+1)
		}
	}
	return ""
}

// now is the cluster's time.
func (s *Sim) now() time.Time { return time.Now().Add(s.Ahead) }

// Specs are the specs that were written, in order.
func (s *Sim) Specs() []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.specs
}

// Where is the simulation's name.
func (s *Sim) Where() (context, namespace string) { return "simulated", mesh.Namespace }

// Client is the one client pod.
func (s *Sim) Client(context.Context) (mesh.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := errors.Join(s.NoClient, s.down); err != nil {
		return mesh.Client{}, err
	}
	return mesh.Client{Pod: fmt.Sprintf("servicex-client-%d", s.life), UID: fmt.Sprint(s.life)}, nil
}

// RestartClient begins another life of the client pod.
func (s *Sim) RestartClient(ctx context.Context, _ mesh.Client) (mesh.Client, error) {
	s.mu.Lock()
	s.life++
	s.forget()
	s.mu.Unlock()
	return s.Client(ctx)
}

// Versions are the simulation's.
func (s *Sim) Versions(context.Context, mesh.Client) map[string]string {
	return map[string]string{"envoy": "simulated"}
}

// Survey finds what the test says.
func (s *Sim) Survey(context.Context, mesh.Client) ([]timeline.Symptom, error) {
	return s.Symptoms, nil
}

// Dates are the cluster's time on both of its clocks.
func (s *Sim) Dates(context.Context, mesh.Client) ([]mesh.Date, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, said := time.Now(), s.now().Truncate(time.Second)
	return []mesh.Date{{Clock: timeline.APIServerClock, Asked: now, Answered: now, Said: said},
		{Clock: timeline.SidecarClock, Asked: now, Answered: now, Said: said, Stale: time.Second / 2}}, s.down
}
