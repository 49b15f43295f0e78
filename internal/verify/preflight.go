package verify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/envoyadmin"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
	"istio-circuit-breaker/internal/wait"
	"istio-circuit-breaker/internal/watch"
)

const (
	// pushLimit is how long Istio may take to bring a rule to the sidecar.
	pushLimit = 15 * time.Second
	pause     = 100 * time.Millisecond
)

// preflight looks at what the proof needs, without traffic, and makes a known
// start. It is false where there is no sense in going on.
func (r *run) preflight() (bool, error) {
	phase := timeline.Phase{Name: Preflight, Expected: "a client with sidecar, the rule in force there, statistics exported",
		Why: "outlier detection happens in the caller's sidecar, and is seen by its statistics"}
	fail := func(measured, diagnosis string) (bool, error) {
		phase.Measured, phase.Diagnosis = measured, diagnosis
		return false, r.report(phase)
	}
	rule, err := r.mesh.Rule(r.ctx)
	if errors.Is(err, mesh.ErrNoRule) {
		return fail("no DestinationRule", "no rule: "+err.Error()+"; run `pulumi up`")
	} else if err != nil {
		return false, err
	}
	r.rule, r.managed = rule.Rule, rule.Managed
	r.result.configured(r.rule)
	r.client, err = r.mesh.Client(r.ctx)
	if errors.Is(err, mesh.ErrNoSidecar) {
		return fail("no sidecar", "sidecar missing: "+err.Error())
	} else if err != nil {
		return false, err
	}
	if r.rule.Enabled == r.wants(Off) {
		return fail(r.rule.Words(0, 0), r.wrongSwitch())
	}
	r.announce()
	if err := r.fresh(); err != nil {
		return false, err
	}
	if got, err := r.inForce(); err != nil {
		return fail(got, "rule not in force: the sidecar does not have what the DestinationRule says; look for another DestinationRule of the same host, and at istiod's log")
	}
	cluster := r.cluster()
	text, err := r.mesh.Admin(r.ctx, r.client, envoyadmin.StatsPath(cluster))
	if err != nil {
		return false, err
	}
	stats, err := envoyadmin.ParseStats(text, cluster)
	if err != nil {
		return false, err
	}
	phase.Measured = "all there, in pod " + r.client.Pod
	if !r.managed {
		phase.Measured += "; the rule is not the stack's (it has no label app.kubernetes.io/part-of=" + mesh.PartOf + ")"
	}
	phase.Passed = stats.Counters.Exported
	if !phase.Passed {
		phase.Measured = "no outlier statistics in the sidecar of " + r.client.Pod
		phase.Diagnosis = "statistics not exported: sidecars keep none of outlier_detection by default; set proxyStatsMatcher with inclusionRegexps \".*outlier_detection.*\" in the client pod's annotation proxy.istio.io/config and restart it"
	}
	return true, r.report(phase)
}

func (r *run) wrongSwitch() string {
	if r.rule.Enabled {
		return "breaker on: the phase " + Off + " is for outlier.enabled=false; run `pulumi config set outlier.enabled false && pulumi up`"
	}
	return "breaker off: the DestinationRule has no outlierDetection; run `pulumi config set outlier.enabled true && pulumi up`, or prove that nothing is ejected with --phases " + Off
}

func (r *run) cluster() string {
	_, namespace := r.mesh.Where()
	return mesh.EnvoyCluster(namespace)
}

// fresh makes sure that the sidecar counts from zero. A faulty pod's errors of
// earlier callers are in Envoy's count, and nothing shows it; a pod may be out
// still. A new client pod is a new sidecar, which knows neither.
func (r *run) fresh() error {
	for restarted := false; ; restarted = true {
		var used []string
		err := wait.For(r.ctx, "the service's endpoints in the client's sidecar", pushLimit, pause, func(ctx context.Context) error {
			endpoints, err := watch.Endpoints(ctx, r.mesh, r.client)
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
			return err
		}
		if restarted {
			return fmt.Errorf("making a known start: somebody else sends requests from %q (to %s)", r.client.Pod, strings.Join(used, ", "))
		}
		r.Say(fmt.Sprintf("The sidecar of %s has counted requests before; restarting the client pod for a known start.", r.client.Pod))
		if r.client, err = r.mesh.RestartClient(r.ctx, r.client); err != nil {
			return err
		}
	}
}

// inForce waits until the sidecar has the rule. It returns what it has.
func (r *run) inForce() (string, error) {
	var has breaker.Rule
	err := wait.For(r.ctx, "the rule in the client's sidecar", pushLimit, pause, func(ctx context.Context) error {
		text, err := r.mesh.Admin(ctx, r.client, configPath(r.cluster()))
		if err != nil {
			return err
		}
		if has, err = parseConfig(text, r.cluster()); err != nil {
			return err
		}
		if !sameEffect(has, r.rule) {
			return fmt.Errorf("the sidecar has: %s", effect(has))
		}
		return nil
	})
	return fmt.Sprintf("the sidecar has: %s; the DestinationRule says: %s", effect(has), effect(r.rule)), err
}
