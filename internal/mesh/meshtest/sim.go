// Package meshtest is a mesh.Mesh without a cluster, for tests: pods that
// answer or fail, and a sidecar that ejects them by the rules which
// internal/breaker states. It is made for the fake clock of testing/synctest.
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
	"istio-circuit-breaker/internal/timeline"
)

// Pod is one simulated pod.
type Pod struct {
	Name, Version string
	Code          int           // of every answer
	Delay         time.Duration // before every answer
}

// Sim is a simulated mesh. Its exported fields are set before it is used.
type Sim struct {
	Declared     breaker.Rule // in the DestinationRule
	InForce      *breaker.Rule
	Unmanaged    bool
	NoStatistics bool  // no outlier statistics in the sidecar
	NoLog        bool  // no outlier event log
	Retries      bool  // a gateway error is tried again on the next pod
	NoClient     error // what Client returns, if anything
	// AnswerLag is how much later than the outlier log an answer's line comes
	// through the API server.
	AnswerLag time.Duration

	mu       sync.Mutex
	pods     []Pod
	hosts    map[string]*host
	counters timeline.Counters
	turn     int
	life     int // of the client pod
	specs    []json.RawMessage
	lines    []chan []byte
	lists    []chan struct{}
	down     error // of the API server
}

type host struct {
	requests, errors uint64
	inARow           uint32
	out              bool
	ejections        int
	factor           int
	since, back      time.Time
}

var _ mesh.Mesh = (*Sim)(nil)

// New makes a mesh with a rule and pods; its sidecar sweeps until ctx ends.
func New(ctx context.Context, rule breaker.Rule, pods ...Pod) *Sim {
	s := &Sim{Declared: rule, pods: pods}
	s.forget()
	go func() {
		sweep := time.NewTicker(rule.Sweep())
		defer sweep.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-sweep.C:
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

// Specs are the specs that were written, in order.
func (s *Sim) Specs() []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.specs
}

// forget is what a new sidecar knows, its balancer's turn included.
func (s *Sim) forget() { s.hosts, s.counters, s.turn = map[string]*host{}, timeline.Counters{}, 0 }

func (s *Sim) host(name string) *host {
	if s.hosts[name] == nil {
		s.hosts[name] = &host{}
	}
	return s.hosts[name]
}

func (s *Sim) rule() breaker.Rule {
	if s.InForce != nil {
		return *s.InForce
	}
	return s.Declared
}

func (s *Sim) address(name string) string {
	for i, pod := range s.pods {
		if pod.Name == name {
			return fmt.Sprintf("198.18.0.%d:8080", i+1)
		}
	}
	return ""
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

// WatchPods lists the pods, and again after SetPods.
func (s *Sim) WatchPods(ctx context.Context, list func([]timeline.Pod)) error {
	changed := make(chan struct{}, 1)
	s.mu.Lock()
	err := s.down
	s.lists = append(s.lists, changed)
	s.mu.Unlock()
	for err == nil {
		s.mu.Lock()
		pods := make([]timeline.Pod, 0, len(s.pods))
		for _, pod := range s.pods {
			pods = append(pods, timeline.Pod{Name: pod.Name, Version: pod.Version, Address: s.address(pod.Name), State: timeline.Unknown})
		}
		s.mu.Unlock()
		list(pods)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case _, open := <-changed:
			if !open {
				return errors.New("connection refused")
			}
		}
	}
	return err
}

// Rule is the declared rule.
func (s *Sim) Rule(context.Context) (mesh.Rule, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	spec, err := json.Marshal(map[string]any{"host": mesh.Service, "trafficPolicy": map[string]any{"outlierDetection": s.Declared}})
	if !s.Declared.Enabled {
		spec, err = json.RawMessage(`{"host":"`+mesh.Service+`","trafficPolicy":{}}`), nil
	}
	return mesh.Rule{Rule: s.Declared, Spec: spec, Managed: !s.Unmanaged}, errors.Join(err, s.down)
}

// SetRule keeps the spec and puts it in force.
func (s *Sim) SetRule(_ context.Context, spec json.RawMessage) error {
	var read struct {
		Policy struct {
			Outlier *breaker.Rule `json:"outlierDetection"`
		} `json:"trafficPolicy"`
	}
	if err := json.Unmarshal(spec, &read); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.specs, s.Declared = append(s.specs, spec), breaker.Rule{}
	if read.Policy.Outlier != nil {
		s.Declared = *read.Policy.Outlier
	}
	return s.down
}
