package verify

import (
	"errors"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
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
	if err := mesh.Settled(r.ctx, r.mesh, r.Say); err != nil {
		return false, err
	}
	if err := r.announce(); err != nil {
		return false, err
	}
	if r.client, err = mesh.Fresh(r.ctx, r.mesh, r.client, r.Say); err != nil {
		return false, err
	}
	if err := mesh.InForce(r.ctx, r.mesh, r.client, r.rule); err != nil {
		return fail(err.Error(), "rule not in force: the sidecar does not have what the DestinationRule says; look for another DestinationRule of the same host, and at istiod's log")
	}
	stats, err := mesh.Stats(r.ctx, r.mesh, r.client)
	if err != nil {
		return false, err
	}
	phase.Measured = "all there, in pod " + r.client.Pod
	if !r.managed {
		phase.Measured += "; the rule is not the stack's (it has no label app.kubernetes.io/part-of=" + mesh.PartOf + ")"
	}
	// Without outlier detection the sidecar has no statistics of it to export.
	phase.Statement = stated(stats.Counters.Exported || !r.rule.Enabled)
	if phase.Statement != timeline.Proven {
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
