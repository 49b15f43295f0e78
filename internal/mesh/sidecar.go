package mesh

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/envoyadmin"
	"istio-circuit-breaker/internal/timeline"
	"istio-circuit-breaker/internal/translate"
	"istio-circuit-breaker/internal/wait"
)

const (
	// pushLimit is how long Istio may take to bring a change to the sidecar.
	pushLimit = 15 * time.Second
	// rolloutLimit is how long a pod may take to end: twice its grace period.
	rolloutLimit = 30 * time.Second
	pause        = 100 * time.Millisecond
)

// Pods are the service's pods now.
func Pods(ctx context.Context, m Mesh) ([]timeline.Pod, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var pods []timeline.Pod
	listed := false
	err := m.WatchPods(ctx, func(now []timeline.Pod) {
		pods, listed = now, true
		stop()
	})
	if listed {
		return pods, nil
	}
	return nil, err
}

// Endpoints are the service's endpoints as the client's sidecar sees them now.
func Endpoints(ctx context.Context, m Mesh, c Client) ([]envoyadmin.Endpoint, error) {
	_, namespace := m.Where()
	cluster := EnvoyCluster(namespace, c.Domain)
	text, err := m.Admin(ctx, c, envoyadmin.ClustersPath(cluster))
	if err != nil {
		return nil, err
	}
	return envoyadmin.ParseClusters(text, cluster)
}

// Stats are the statistics of the service's cluster in the client's sidecar.
func Stats(ctx context.Context, m Mesh, c Client) (envoyadmin.Stats, error) {
	_, namespace := m.Where()
	cluster := EnvoyCluster(namespace, c.Domain)
	text, err := m.Admin(ctx, c, envoyadmin.StatsPath(cluster))
	if err != nil {
		return envoyadmin.Stats{}, err
	}
	return envoyadmin.ParseStats(text, cluster)
}

// Settled waits until no pod of the service is terminating. A rollout changes the
// sidecar's endpoints while it ends, and Envoy's workers then hear of an ejection
// up to a second late.
func Settled(ctx context.Context, m Mesh, say func(string)) error {
	said := false
	return wait.For(ctx, "the service's terminating pods to be gone", rolloutLimit, pause, func(ctx context.Context) error {
		pods, err := Pods(ctx, m)
		if err != nil {
			return err
		}
		for _, pod := range pods {
			if pod.State != timeline.Terminating {
				continue
			}
			if !said {
				said = true
				say(fmt.Sprintf("Waiting for %s, which is terminating, to be gone.", pod.Name))
			}
			return fmt.Errorf("%s is terminating", pod.Name)
		}
		return nil
	})
}

// Sidecar is what the client's sidecar has of the service's cluster now;
// envoyadmin.ErrNoCluster where it has none.
func Sidecar(ctx context.Context, m Mesh, c Client) (*timeline.Sidecar, error) {
	_, namespace := m.Where()
	text, err := m.Admin(ctx, c, envoyadmin.ConfigPath(EnvoyCluster(namespace, c.Domain)))
	if err != nil {
		return nil, err
	}
	has, err := envoyadmin.ParseConfig(text, EnvoyCluster(namespace, c.Domain))
	if err != nil {
		return nil, err
	}
	return &has, nil
}

// InForce waits until the client's sidecar has the whole rule, and returns what
// it has. With ErrNotInForce it is what the sidecar had at last.
func InForce(ctx context.Context, m Mesh, c Client, rule breaker.Rule) (*timeline.Sidecar, error) {
	var has *timeline.Sidecar
	err := wait.For(ctx, "the rule in the client's sidecar", pushLimit, pause, func(ctx context.Context) error {
		now, err := Sidecar(ctx, m, c)
		if err != nil {
			return err
		}
		has = now
		if wrong := translate.Differences(rule, *now); len(wrong) > 0 {
			return fmt.Errorf("%w: %s", ErrNotInForce, strings.Join(wrong, "; "))
		}
		return nil
	})
	return has, err
}

// Fresh makes sure that the sidecar counts from zero. A faulty pod's errors of
// earlier callers are in Envoy's count, and nothing shows it; a pod may be out
// still. A new client pod is a new sidecar, which knows neither.
func Fresh(ctx context.Context, m Mesh, c Client, say func(string)) (Client, error) {
	for restarted := false; ; restarted = true {
		var used []string
		err := wait.For(ctx, "the service's endpoints in the client's sidecar", pushLimit, pause, func(ctx context.Context) error {
			endpoints, err := Endpoints(ctx, m, c)
			if err != nil {
				return err
			}
			if len(endpoints) == 0 {
				return errors.New("none")
			}
			used = nil
			for _, e := range endpoints {
				if e.Requests > 0 || e.Ejected {
					used = append(used, e.Address)
				}
			}
			return nil
		})
		if err != nil || len(used) == 0 {
			return c, err
		}
		if restarted {
			return c, fmt.Errorf("making a known start: somebody else sends requests from %q (to %s)", c.Pod, strings.Join(used, ", "))
		}
		say(fmt.Sprintf("The sidecar of %s has counted requests before; restarting the client pod for a known start.", c.Pod))
		if c, err = m.RestartClient(ctx, c); err != nil {
			return c, err
		}
	}
}
