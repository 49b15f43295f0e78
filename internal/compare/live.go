package compare

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
	"istio-circuit-breaker/internal/watch"
)

// restoreLimit bounds putting the rule back, which is done even after Ctrl-C.
const restoreLimit = 30 * time.Second

// Options of a live comparison.
type Options struct {
	Load mesh.Load
	// Duration of each run; 0 is as long as the model says that it takes.
	Duration time.Duration
	// MaxDelay of the faulty pods' answers, for the model.
	MaxDelay time.Duration
	// Each is called with every entry; an error from it ends the comparison.
	Each func(timeline.Entry) error
	Say  func(string)
}

// Live runs the load with the breaker off, then on. The rule is put back as it
// was before Live returns.
func Live(ctx context.Context, m mesh.Mesh, o Options) (off, on Side, err error) {
	rule, err := m.Rule(ctx)
	if err != nil {
		return Side{}, Side{}, err
	}
	if !rule.Enabled {
		return Side{}, Side{}, hint.With(errors.New("comparing off and on: the rule has no outlierDetection to switch off"),
			"run `pulumi config set outlier.enabled true && pulumi up`")
	}
	without, err := withoutOutlier(rule.Spec)
	if err != nil {
		return Side{}, Side{}, err
	}
	if o.Duration, err = plan(ctx, m, rule.Rule, o); err != nil {
		return Side{}, Side{}, err
	}
	off, err = switchedOff(ctx, m, o, rule, without)
	if err != nil {
		return Side{}, Side{}, err
	}
	on, err = run(ctx, m, o, rule.Rule, "on")
	return off, on, err
}

// switchedOff is the run without the breaker.
func switchedOff(ctx context.Context, m mesh.Mesh, o Options, rule mesh.Rule, without json.RawMessage) (side Side, err error) {
	defer func() {
		o.Say("Putting the rule back.")
		restore, stop := context.WithTimeout(context.WithoutCancel(ctx), restoreLimit)
		defer stop()
		if failed := m.SetRule(restore, rule.Spec); failed != nil {
			err = errors.Join(err, hint.With(fmt.Errorf("putting the rule back: %w", failed), "run `pulumi up --refresh`"))
		}
	}()
	o.Say("Taking outlierDetection out of the rule.")
	if err := m.SetRule(ctx, without); err != nil {
		return Side{}, err
	}
	want := rule.Rule
	want.Enabled = false // the rest stays
	return run(ctx, m, o, want, "off")
}

// run sends the load once, from a sidecar that counts from zero.
func run(ctx context.Context, m mesh.Mesh, o Options, want breaker.Rule, label string) (Side, error) {
	client, err := m.Client(ctx)
	if err != nil {
		return Side{}, err
	}
	if client, err = mesh.Fresh(ctx, m, client, o.Say); err != nil {
		return Side{}, err
	}
	if _, err := mesh.InForce(ctx, m, client, want); err != nil {
		return Side{}, err
	}
	o.Say(fmt.Sprintf("Sending requests for %s with the breaker %s.", breaker.Short(o.Duration), label))
	timed, stop := context.WithTimeout(ctx, o.Duration)
	defer stop()
	session, err := watch.Start(timed, m, watch.Options{Command: "compare", Label: label, Load: o.Load})
	if err != nil {
		return Side{}, err
	}
	var figures Figures
	var failed error
	for e := range session.Entries() {
		figures.Add(e)
		if failed == nil {
			if failed = o.Each(e); failed != nil {
				stop()
			}
		}
	}
	if err := errors.Join(failed, ctx.Err()); err != nil {
		return Side{}, err
	}
	return figures.Side()
}

// withoutOutlier is a DestinationRule's spec less its outlierDetection.
func withoutOutlier(spec json.RawMessage) (json.RawMessage, error) {
	var fields map[string]any
	if err := json.Unmarshal(spec, &fields); err != nil {
		return nil, fmt.Errorf("taking outlierDetection out of the rule: %w", err)
	}
	policy, ok := fields["trafficPolicy"].(map[string]any)
	if !ok {
		return nil, errors.New("taking outlierDetection out of the rule: it has no trafficPolicy")
	}
	delete(policy, "outlierDetection")
	if len(policy) == 0 {
		delete(fields, "trafficPolicy")
	}
	return json.Marshal(fields)
}
