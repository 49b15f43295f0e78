package meshtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"istio-circuit-breaker/internal/breaker/istiorule"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/meshtest/envoy"
	"istio-circuit-breaker/internal/timeline"

	networking "istio.io/api/networking/v1alpha3"
)

// Sim is a simulated mesh. Its exported fields are set before it is used.
type Sim struct {
	// InForce changes what the sidecar has, and shows, from what Istio makes of
	// the rule; nil changes nothing.
	InForce func(*envoy.Config)
	// Secretly changes what the sidecar does, and does not show.
	Secretly func(*envoy.Config)
	// Declared is the rule as the stack wrote it; nil where the object does not say.
	Declared  *Rule
	Unmanaged bool // the rule is not the stack's
	// Locality of the client; empty is none.
	Locality string
	// Retries has an answer of 502, 503 or 504 tried again, twice, on other pods.
	Retries bool
	// Instead is asked before each request, with the number of pods that are out:
	// its answer is the sidecar's own. Code 0 never answers. Nil goes on.
	Instead func(out int) *timeline.Answer

	NoStatistics bool  // no outlier statistics in the sidecar
	NoClient     error // what Client returns, if anything
	Refuse       error // what Send returns, if anything
	Symptoms     []timeline.Symptom

	// Ahead is how far the cluster's clock is before the observer's: answers, log
	// and dates tell it.
	Ahead time.Duration
	// AnswerLag and LogLag are how much later than it happened a line comes.
	AnswerLag, LogLag time.Duration
	NoLog, LogTwice   bool
	// Line changes a line of the outlier log; false leaves it out. Nil: as it is.
	Line func(*envoy.Event) bool
	// Count changes what is shown of a statistic: those of the cluster by their
	// name below it, those of a host such as rq_total. Nil: as it is.
	Count func(name string, value uint64) uint64

	mu        sync.Mutex
	spec      json.RawMessage
	specs     []json.RawMessage
	pods      []Pod
	addresses map[string]string
	answered  map[string]int // answers that a pod has given
	envoy     *envoy.Cluster
	began     time.Time // of the sidecar
	life      int       // of the client pod
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
	s := &Sim{spec: rule.Spec(), pods: pods, addresses: map[string]string{}, answered: map[string]int{}, kick: make(chan struct{}, 1)}
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

// Rule is the DestinationRule.
func (s *Sim) Rule(context.Context) (mesh.Rule, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	spec, err := parsed(s.spec)
	if err := errors.Join(err, s.down); err != nil {
		return mesh.Rule{}, err
	}
	rule := mesh.Rule{Rule: istiorule.FromDestinationRule(spec), Spec: s.spec, Managed: !s.Unmanaged}
	if s.Declared != nil {
		spec, err := parsed(s.Declared.Spec())
		if err != nil {
			return mesh.Rule{}, err
		}
		declared := istiorule.FromDestinationRule(spec)
		rule.Declared = &declared
	}
	return rule, nil
}

// SetRule keeps the spec and puts it in force.
func (s *Sim) SetRule(_ context.Context, spec json.RawMessage) error {
	if _, err := parsed(spec); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return s.down
	}
	s.specs, s.spec = append(s.specs, spec), spec
	if s.envoy != nil {
		s.envoy.Replace(time.Now(), s.secret(), s.hosts())
	}
	return nil
}

func parsed(spec json.RawMessage) (*networking.DestinationRule, error) {
	var rule networking.DestinationRule
	if err := json.Unmarshal(spec, &rule); err != nil {
		return nil, fmt.Errorf("decoding a DestinationRule: %w", err)
	}
	return &rule, nil
}

// Dates are those of the cluster's clock. Envoy makes its date anew twice a
// second; the API server with each answer.
func (s *Sim) Dates(context.Context, mesh.Client) ([]mesh.Date, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, s.down
	}
	now := time.Now()
	there := now.Add(s.Ahead)
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
