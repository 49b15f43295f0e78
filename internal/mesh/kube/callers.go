package kube

import (
	"context"
	"fmt"
	"sync"
	"time"

	"istio-circuit-breaker/internal/callers"

	discovery "k8s.io/client-go/kubernetes/typed/discovery/v1"
	"k8s.io/client-go/rest"
)

// Callers are those of any service in the cluster, the stack's or another.
type Callers struct {
	callers.Finder
	cluster *Cluster
}

var _ callers.Cluster = (*Callers)(nil)

// Callers looks for callers in the cluster.
func (c *Cluster) Callers() (*Callers, error) {
	config := rest.CopyConfig(c.config)
	slices, err := discovery.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	return &Callers{callers.Finder{Core: c.core, Slices: slices}, c}, nil
}

// Open is a caller's Envoy, through a port-forward of its own.
func (c *Callers) Open(caller callers.Caller) callers.Envoy {
	return &envoy{cluster: c.cluster, caller: caller}
}

// envoy is one caller's.
type envoy struct {
	cluster *Cluster
	caller  callers.Caller

	mu      sync.Mutex
	forward *forward // nil until the first question
}

func (e *envoy) Admin(ctx context.Context, path string) ([]byte, time.Time, error) {
	f, err := e.open()
	if err != nil {
		return nil, time.Time{}, err
	}
	return f.ask(ctx, path)
}

func (e *envoy) open() (*forward, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.forward != nil {
		return e.forward, nil
	}
	f, err := e.cluster.newForward(e.caller.Namespace, e.caller.Pod, e.caller.AdminPort)
	if err == nil {
		e.forward = f
	}
	return f, err
}

func (e *envoy) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.forward != nil {
		e.forward.drop()
	}
}

func (e *envoy) Log(ctx context.Context, back time.Duration, line func([]byte)) error {
	return e.cluster.followLog(ctx, e.caller.Namespace, e.caller.Pod, back, line)
}
