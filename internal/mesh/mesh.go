// Package mesh is what the observer needs of a cluster with the stack in it: the
// client pod and its sidecar, the service's pods, the rule, and a way to send
// requests from inside of the mesh. It holds the contract only; package kube
// fulfils it with a real cluster, package meshtest with a simulated one.
package mesh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/naming"
	"istio-circuit-breaker/internal/target"
	"istio-circuit-breaker/internal/timeline"
)

// Names of the stack's objects, as the Pulumi program makes them.
const (
	Service   = naming.Service
	ClientApp = naming.Client
	ServerApp = naming.Server
	PartOf    = naming.Project
	Namespace = naming.Namespace // unless told otherwise
)

// What a cluster may lack. Each comes with a hint.
var (
	ErrNoClient  = errors.New("no client pod")
	ErrNotReady  = errors.New("client pod not ready")
	ErrNoSidecar = errors.New("client pod without sidecar")
	ErrNoRule    = errors.New("no DestinationRule")
	// ErrRefused: the API server does not allow what was asked of it.
	ErrRefused = errors.New("not allowed")
	// ErrNotInForce: the client's sidecar has something else than the rule says.
	ErrNotInForce = errors.New("the rule is not in force")
)

// Target is the stack's service, of whichever domain.
func Target(namespace string) target.Target {
	return target.Target{Service: Service, Namespace: namespace, Port: 80}
}

// Host is the service's full name in a cluster of a domain; an empty one, of a
// client that was not seen, is target.Domain.
func Host(namespace, domain string) string { return in(namespace, domain).Host() }

// EnvoyCluster is the service's cluster as a sidecar of a domain names it.
func EnvoyCluster(namespace, domain string) string { return in(namespace, domain).Cluster() }

func in(namespace, domain string) target.Target {
	t := Target(namespace)
	t.Domain = domain
	return t
}

// Mesh is a cluster with the stack in it. Methods that follow something return
// when it ends, with an error that says why; calling them again reconnects.
type Mesh interface {
	// Where says which cluster and namespace this is.
	Where() (context, namespace string)
	// Client finds the client pod that is ready: with a running sidecar.
	Client(ctx context.Context) (Client, error)
	// RestartClient removes the client pod and returns its successor once that is
	// ready. Its sidecar knows nothing of requests before.
	RestartClient(ctx context.Context, c Client) (Client, error)
	// Admin asks the sidecar's admin interface.
	Admin(ctx context.Context, c Client, path string) ([]byte, error)
	// SidecarLog follows the lines of the sidecar's log: those of the last
	// back, rounded up to seconds, and all new ones. Once connected it calls line
	// with nil.
	SidecarLog(ctx context.Context, c Client, back time.Duration, line func([]byte)) error
	// WatchPods calls list with the service's pods at first and after each change.
	WatchPods(ctx context.Context, list func([]timeline.Pod)) error
	// Rule reads the DestinationRule.
	Rule(ctx context.Context) (Rule, error)
	// SetRule replaces the DestinationRule's spec.
	SetRule(ctx context.Context, spec json.RawMessage) error
	// Versions are those of what takes part, as far as they can be read, by name:
	// "envoy", "istio", "kubernetes".
	Versions(ctx context.Context, c Client) map[string]string
	// Dates asks the API server and the sidecar for the time of day.
	Dates(ctx context.Context, c Client) ([]Date, error)
	// Survey looks around for what may keep the breaker from doing what its rule
	// says. What it may not read is a symptom too, not an error.
	Survey(ctx context.Context, c Client) ([]timeline.Symptom, error)
	// Send runs a load in the client pod until it or ctx ends, and reports each
	// answer as soon as it is there, with the time at which it was asked for.
	Send(ctx context.Context, c Client, l Load, answer func(sent time.Time, a timeline.Answer)) error
}

// Client is the pod that requests are sent from.
type Client struct {
	Pod string
	UID string // tells one life of the name from the next
	// Domain is the cluster's, as the client's sidecar was told it; empty where it
	// was told none, which is target.Domain.
	Domain string
}

// Rule is the DestinationRule as it is in the cluster.
type Rule struct {
	breaker.Rule
	Spec json.RawMessage
	// Managed is true where the object carries the stack's label.
	Managed bool
	// Declared is the rule as the stack wrote it, which the object keeps as an
	// annotation; nil where there is none. A change by hand leaves it as it was.
	Declared *breaker.Rule
}

// Date is what another clock said, from the header "date" of an answer over HTTP.
type Date struct {
	Clock           string    // timeline.SidecarClock or timeline.APIServerClock
	Asked, Answered time.Time // by this machine's clock
	// Said is rounded down to seconds. Stale is how much older it may be besides:
	// Envoy makes its date anew twice a second only.
	Said  time.Time
	Stale time.Duration
}

// Load is how requests are sent.
type Load struct {
	// Rate in requests a second over all workers; 0 is as fast as answers come.
	Rate float64
	// Concurrency is the number of workers; 0 is no load at all.
	Concurrency int
	// Timeout of one request. It has to be above the fault's delay.
	Timeout time.Duration
}

// ParseAnswer reads one line of the client role's output.
func ParseAnswer(line []byte) (time.Time, timeline.Answer, error) {
	var a struct {
		Time time.Time `json:"time"`
		timeline.Answer
	}
	if err := json.Unmarshal(line, &a); err != nil {
		return time.Time{}, timeline.Answer{}, fmt.Errorf("parsing an answer %q: %w", line, err)
	}
	if a.Time.IsZero() {
		return time.Time{}, timeline.Answer{}, fmt.Errorf("parsing an answer %q: it has no time", line)
	}
	return a.Time, a.Answer, nil
}
