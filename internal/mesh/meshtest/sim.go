// Package meshtest is a mesh.Mesh without a cluster, for tests: pods that answer
// or fail, and a sidecar that ejects them as Envoy does (package envoysim). It
// uses nothing of what it is there to check: of internal/breaker it has the type
// Rule, as data, and no method. It is made for the fake clock of testing/synctest.
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
	"istio-circuit-breaker/internal/mesh/meshtest/envoysim"
	"istio-circuit-breaker/internal/timeline"
)

// Pod is one simulated pod.
type Pod struct {
	Name, Version string
	Code          int           // of every answer
	Delay         time.Duration // before every answer
	// Codes, where there are any, are the answers' codes in turn instead of Code.
	Codes []int
	// Zone is its locality; the first pod's is the client's.
	Zone string
}

// Sim is a simulated mesh. Its exported fields are set before it is used.
type Sim struct {
	Declared     breaker.Rule // in the DestinationRule
	InForce      *breaker.Rule
	Stack        *breaker.Rule // as the stack declared it; nil where nobody knows
	Unmanaged    bool
	NoStatistics bool  // no outlier statistics in the sidecar
	NoLog        bool  // no outlier event log
	Retries      bool  // a gateway error is tried again on the next pod
	NoClient     error // what Client returns, if anything
	Refused      error // what Send returns at once, if anything
	// AnswerLag is how much later than the outlier log an answer's line comes
	// through the API server; LogLag is how late a line of the log comes.
	AnswerLag, LogLag time.Duration
	// Ahead is how far the clock of the client's node is before this machine's.
	Ahead time.Duration
	// Seed of the balancer's chance.
	Seed uint64
	Wrong

	mu      sync.Mutex
	pods    []Pod
	cluster *envoysim.Cluster
	flaws   envoysim.Flaws
	began   time.Time // of the sidecar
	asked   map[string]int
	known   map[string]string // address of a pod
	names   map[string]string // pod at an address
	life    int               // of the client pod
	specs   []json.RawMessage
	lines   []chan []byte
	lists   []chan struct{}
	down    error // of the API server
}

var _ mesh.Mesh = (*Sim)(nil)

// New makes a mesh with a rule and pods; its sidecar sweeps until ctx ends.
func New(ctx context.Context, rule breaker.Rule, pods ...Pod) *Sim {
	s := &Sim{Declared: rule, pods: pods, asked: map[string]int{}, known: map[string]string{}, names: map[string]string{}}
	go s.sweep(ctx)
	return s
}

// sweep has the sidecar look for pods to return, once an interval.
func (s *Sim) sweep(ctx context.Context) {
	every := func() time.Duration {
		s.mu.Lock()
		defer s.mu.Unlock()
		if o := s.acting().Outlier; o != nil {
			return o.Interval
		}
		return time.Second
	}
	next := time.NewTimer(sidecar(s.Declared).interval())
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
			s.mu.Lock()
			s.envoy().OnInterval(time.Now())
			s.write()
			s.mu.Unlock()
			next.Reset(every())
		}
	}
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
	cluster := s.envoy()
	s.pods = pods
	cluster.SetHosts(time.Now(), s.hosts()...)
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
	s.cluster = nil
}

// ReplaceCluster is what a changed configuration makes the sidecar do: the hosts'
// counts and ejections start again, its counters go on.
func (s *Sim) ReplaceCluster(change func(*breaker.Rule)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	counters := s.envoy().Counters()
	change(&s.Declared)
	s.cluster = envoysim.New(s.acting(), s.Seed, counters, s.hosts()...)
	s.cluster.Flaws = s.flaws
}

// Eject has a pod ejected for nothing.
func (s *Sim) Eject(pod string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.envoy().EjectNow(s.address(pod), envoysim.Gateway, time.Now())
	s.write()
}

// SetFlaws has the sidecar's breaker be wrong from now on.
func (s *Sim) SetFlaws(f envoysim.Flaws) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flaws = f
	s.envoy().Flaws = f
}

// Specs are the specs that were written, in order.
func (s *Sim) Specs() []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.specs
}

// envoy is the sidecar's cluster. A new one knows nothing, its balancer's turn
// included.
func (s *Sim) envoy() *envoysim.Cluster {
	if s.cluster == nil {
		s.began = time.Now()
		s.cluster = envoysim.New(s.acting(), s.Seed, timeline.Counters{}, s.hosts()...)
		s.cluster.Flaws = s.flaws
	}
	return s.cluster
}

func (s *Sim) hosts() []envoysim.Host {
	hosts := make([]envoysim.Host, 0, len(s.pods))
	for _, pod := range s.pods {
		hosts = append(hosts, envoysim.Host{Address: s.address(pod.Name), Locality: pod.Zone})
	}
	return hosts
}

// address is a pod's, which it keeps.
func (s *Sim) address(name string) string {
	if s.known[name] == "" {
		s.known[name] = fmt.Sprintf("198.18.0.%d:8080", len(s.known)+1)
		s.names[s.known[name]] = name
	}
	return s.known[name]
}

// pod is the one at an address; false where it is gone.
func (s *Sim) pod(address string) (Pod, bool) {
	for _, pod := range s.pods {
		if pod.Name == s.names[address] {
			return pod, true
		}
	}
	return Pod{}, false
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
	s.cluster = nil
	s.mu.Unlock()
	return s.Client(ctx)
}

// In reports whether no pod is out.
func (s *Sim) In() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.envoy().Counters().EjectionsActive == 0
}
