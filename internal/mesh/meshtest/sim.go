package meshtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"istio-circuit-breaker/internal/breaker/istiorule"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/meshtest/envoy"
	"istio-circuit-breaker/internal/timeline"

	networking "istio.io/api/networking/v1alpha3"
)

// Sim is a simulated mesh. Its exported fields are set before it is used.
type Sim struct {
	// Domain is the cluster's; empty: the sidecar was told none.
	Domain string
	// InForce is the rule that the sidecar has, where that differs; nil: the one in
	// the DestinationRule.
	InForce *Rule
	// Wrong makes another Envoy of the sidecar than its configuration says, and so
	// does Secretly, for what Wrong has no field for.
	Wrong    envoy.Wrong
	Secretly func(*envoy.Config)
	// ByStack is the rule as the stack wrote it; nil where the object does not say.
	ByStack   *Rule
	Unmanaged bool // the rule is not the stack's
	// Locality of the client, region/zone/subzone; empty is none.
	Locality string
	// Post is how long a decision takes from a worker to the main thread; 0 is
	// what it takes where nothing is busy.
	Post time.Duration

	// Retries has an answer of 502, 503 or 504 tried again, twice, on other pods.
	Retries bool
	// OwnErrors is how many of 100 requests the sidecar answers itself, with 503,
	// while a pod is out.
	OwnErrors int
	// Quiet drops all answers' lines while a pod is out.
	Quiet bool
	// Others send so many requests a second through the same sidecar.
	Others float64

	NoStatistics bool  // no outlier statistics in the sidecar
	NoClient     error // what Client returns, if anything
	Refused      error // what Send returns, if anything
	Symptoms     []timeline.Symptom

	// Ahead is how far the cluster's clock is before the observer's: answers, log
	// and dates tell it.
	Ahead time.Duration
	// AnswerLag and LogLag are how much later than it happened a line comes.
	AnswerLag, LogLag time.Duration
	// LogBefore makes the log's times earlier than the decisions.
	LogBefore       time.Duration
	NoLog, LogTwice bool
	// Line changes a line of the outlier log; false leaves it out. Nil: as it is.
	Line func(*envoy.Event) bool
	// Lies change what the sidecar's statistics say, by the end of their names,
	// behind "ejections_"; "rq_total" and "rq_error" are each host's.
	Lies map[string]func(uint64) uint64

	mu        sync.Mutex
	set       atomic.Int64 // how far the clock was set ahead meanwhile, in nanoseconds
	declared  *networking.DestinationRule
	spec      json.RawMessage // as it was written; nil: declared as JSON
	specs     []json.RawMessage
	pods      []Pod
	addresses map[string]string
	answered  map[string]int // answers that a pod has given
	envoy     *envoy.Cluster
	began     time.Time // of the sidecar
	life      int       // of the client pod
	asked     int       // requests, for what happens to some of 100
	retries   uint64
	kick      chan struct{}
	written   []written
	logs      []chan []byte
	lists     []chan struct{}
	down      error // of the API server
}

var _ mesh.Mesh = (*Sim)(nil)

// New makes a mesh with a rule and pods; its sidecar runs until ctx ends.
func New(ctx context.Context, rule Rule, pods ...Pod) *Sim {
	s := &Sim{declared: rule.Spec(), pods: pods, addresses: map[string]string{}, answered: map[string]int{}, kick: make(chan struct{}, 1)}
	go s.run(ctx)
	return s
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
	for _, log := range s.logs {
		close(log)
	}
	s.lists, s.logs = nil, nil
}

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
	return mesh.Client{Pod: fmt.Sprintf("servicex-client-%d", s.life), UID: fmt.Sprint(s.life), Domain: s.Domain}, nil
}

// RestartClient begins another life of the client pod.
func (s *Sim) RestartClient(ctx context.Context, _ mesh.Client) (mesh.Client, error) {
	s.mu.Lock()
	s.life++
	s.forget()
	s.mu.Unlock()
	return s.Client(ctx)
}

// Rule is the DestinationRule.
func (s *Sim) Rule(context.Context) (mesh.Rule, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return mesh.Rule{}, s.down
	}
	if s.spec == nil {
		spec, err := json.Marshal(s.declared)
		if err != nil {
			return mesh.Rule{}, fmt.Errorf("encoding a DestinationRule: %w", err)
		}
		s.spec = spec
	}
	rule := mesh.Rule{Rule: istiorule.FromDestinationRule(s.declared), Spec: s.spec, Managed: !s.Unmanaged}
	if s.ByStack != nil {
		rule.Declared = new(istiorule.FromDestinationRule(s.ByStack.Spec()))
	}
	return rule, nil
}

// SetRule keeps the spec and puts it in force.
func (s *Sim) SetRule(_ context.Context, spec json.RawMessage) error {
	var rule networking.DestinationRule
	if err := json.Unmarshal(spec, &rule); err != nil {
		return fmt.Errorf("decoding a DestinationRule: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return s.down
	}
	s.specs = append(s.specs, spec)
	s.change(&rule, spec)
	return nil
}

// ChangeRule has somebody else put another rule into the cluster.
func (s *Sim) ChangeRule(rule Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.change(rule.Spec(), nil)
}

// ChangeInForce gives the sidecar alone another rule, as a rule that wins over the
// stack's does.
func (s *Sim) ChangeInForce(rule Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.InForce = &rule
	s.change(s.declared, s.spec)
}

func (s *Sim) change(rule *networking.DestinationRule, spec json.RawMessage) {
	s.declared, s.spec = rule, spec
	if s.envoy != nil {
		s.envoy.Replace(time.Now(), s.secret(), s.hosts())
		s.woken()
	}
}

// SetClock sets the cluster's clock further ahead, from now on.
func (s *Sim) SetClock(ahead time.Duration) { s.set.Store(int64(ahead)) }

func (s *Sim) ahead() time.Duration { return s.Ahead + time.Duration(s.set.Load()) }

// Dates are those of the cluster's clock. Envoy makes its date anew twice a
// second; the API server with each answer.
func (s *Sim) Dates(context.Context, mesh.Client) ([]mesh.Date, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, s.down
	}
	now := time.Now()
	there := now.Add(s.ahead())
	return []mesh.Date{
		{Clock: timeline.APIServerClock, Asked: now, Answered: now, Said: there.Truncate(time.Second)},
		{Clock: timeline.SidecarClock, Asked: now, Answered: now, Said: there.Truncate(time.Second / 2).Truncate(time.Second), Stale: time.Second / 2},
	}, nil
}

// Survey finds the symptoms that it was given.
func (s *Sim) Survey(context.Context, mesh.Client) ([]timeline.Symptom, error) {
	return s.Symptoms, nil
}

// Versions are not known of a simulation.
func (s *Sim) Versions(context.Context, mesh.Client) map[string]string { return nil }
