package verify

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/diagnose"
	"istio-circuit-breaker/internal/envoyadmin"
	"istio-circuit-breaker/internal/judge"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
)

// preflight looks at what the proof needs, without traffic, and makes a known
// start. It is false where there is no sense in going on.
func (d *driver) preflight() (bool, error) {
	context, namespace := d.mesh.Where()
	claim := timeline.Claim{Phases: d.Phases, Load: timeline.Load(d.Load), ExpectThreshold: d.ExpectThreshold, Code: d.Code}
	// stop records why there is nothing to drive.
	stop := func(header timeline.Header, code string, err error) (bool, error) {
		header.Version, header.Command, header.Context, header.Namespace = timeline.Version, "verify", context, namespace
		header.Service, header.Claim = mesh.Host(namespace, d.client.Domain), &claim
		if err := d.put(timeline.Entry{Time: time.Now(), Header: &header}); err != nil || code == "" {
			return false, err
		}
		return false, d.put(timeline.Entry{Time: time.Now(), Symptom: &timeline.Symptom{Code: code, Detail: err.Error(), Source: "API server"}})
	}
	rule, err := d.mesh.Rule(d.ctx)
	if errors.Is(err, mesh.ErrNoRule) {
		return stop(timeline.Header{}, diagnose.NoRule, err)
	} else if err != nil {
		return false, err
	}
	d.rule = rule.Rule
	claim.Declared = rule.Declared
	d.client, err = d.mesh.Client(d.ctx)
	if errors.Is(err, mesh.ErrNoSidecar) {
		return stop(timeline.Header{Rule: d.rule}, diagnose.NoSidecar, err)
	} else if err != nil {
		return false, err
	}
	if d.rule.Enabled == d.wants(judge.Off) {
		return stop(timeline.Header{Rule: d.rule}, "", nil)
	}
	if err := mesh.Settled(d.ctx, d.mesh, d.say); err != nil {
		return false, err
	}
	if err := d.announce(); err != nil {
		return false, err
	}
	if d.client, err = mesh.Fresh(d.ctx, d.mesh, d.client, d.say); err != nil {
		return false, err
	}
	// Where the sidecar does not get the rule, the judge says in what it differs.
	has, err := mesh.InForce(d.ctx, d.mesh, d.client, d.rule)
	if err != nil && !errors.Is(err, mesh.ErrNotInForce) && !errors.Is(err, envoyadmin.ErrNoCluster) {
		return false, err
	}
	inForce := err == nil
	d.header = func(h *timeline.Header) {
		h.Claim, h.Sidecar, h.Versions = &claim, has, d.mesh.Versions(d.ctx, d.client)
	}
	if !inForce {
		header := timeline.Header{Rule: d.rule}
		d.header(&header)
		return stop(header, "", nil)
	}
	return true, nil
}

// announce tells how long the proof will take, by the model.
func (d *driver) announce() error {
	pods, err := mesh.Pods(d.ctx, d.mesh)
	if err != nil {
		return err
	}
	failing := 0
	for _, pod := range pods {
		if pod.Version == faulty {
			failing++
		}
	}
	d.say(fmt.Sprintf("Proving %s with %s, %d of them faulty; this takes about %s.", strings.Join(d.Phases, ", "),
		breaker.Count(len(pods), "pod"), failing, Estimate(d.rule, d.Options, len(pods)-failing, failing).Round(time.Second)))
	return nil
}

// faulty is the version label of the pods that are made to fail.
const faulty = "504"
