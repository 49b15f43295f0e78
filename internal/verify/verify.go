package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/judge"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
	"istio-circuit-breaker/internal/watch"
)

// Options of a proof.
type Options struct {
	Load mesh.Load
	// Phases in any order; they run in the order of judge.All.
	Phases []string
	// ExpectThreshold is demanded of the rule, whatever it says; 0: nothing is.
	ExpectThreshold int
	// Code that the faulty pods answer; 0 is any gateway error.
	Code int
	// MaxDelay of the faulty pods; for the estimate of the time needed only.
	MaxDelay time.Duration
	// Each is called with every entry of the stream, the phases and the verdict
	// included. An error from it ends the proof.
	Each func(timeline.Entry) error
	// Say tells progress that is no entry; one line each.
	Say func(line string)
}

// driver is a proof under way.
type driver struct {
	Options
	ctx     context.Context
	mesh    mesh.Mesh
	rule    breaker.Rule
	client  mesh.Client
	header  func(*timeline.Header)
	session *watch.Session
	record  *judge.Record
	load    mesh.Load
	told    map[string]timeline.Phase // what was stated already, by name and pod
	spoke   time.Time                 // when something was last said
}

// Run does the proof. The Result is complete where the proof could be done,
// whatever its verdict; an error says why it could not.
func Run(ctx context.Context, m mesh.Mesh, o Options) (*judge.Result, error) {
	d := &driver{Options: o, ctx: ctx, mesh: m, record: judge.New(), told: map[string]timeline.Phase{}, spoke: time.Now()}
	ready, err := d.preflight()
	if err != nil {
		return nil, err
	}
	if ready {
		if err := d.live(); err != nil {
			return nil, err
		}
	}
	return d.conclude()
}

// live drives the load through the phases.
func (d *driver) live() error {
	ctx, stop := context.WithCancel(d.ctx)
	var err error
	if d.session, err = watch.Start(ctx, d.mesh, watch.Options{Command: "verify", Complete: d.header}); err != nil {
		stop()
		return err
	}
	defer func() { // no request is under way when the proof is over
		stop()
		for range d.session.Entries() {
		}
	}()
	if seen, err := d.until(firstLook, "the first look at the sidecar", d.record.Looked); err != nil || !seen {
		return errors.Join(err, errors.New("waiting for the first look at the sidecar: nothing in "+firstLook.String()))
	}
	for _, phase := range []struct {
		name string
		do   func() error
	}{
		{judge.Preflight, func() error { return nil }}, {judge.Mix, d.mix}, {judge.Off, d.off}, {judge.Never, d.never}, {judge.Trip, d.trip}, {judge.Clean, d.clean},
		{judge.Return, d.comeBack}, {judge.Second, d.second}, {judge.Backoff, d.backoff}, {judge.Counters, d.counters}, {judge.Healthy, func() error { return nil }},
	} {
		if !d.wants(phase.name) {
			continue
		}
		if why := d.pointless(phase.name); why != "" {
			d.say("Not going on to " + phase.name + ": " + why + ".")
			break
		}
		if err := d.step(timeline.Step{Phase: phase.name}); err != nil {
			return err
		}
		if err := phase.do(); err != nil {
			return fmt.Errorf("proving %q: %w", phase.name, err)
		}
		if err := d.state(phase.name); err != nil {
			return err
		}
	}
	if !d.wants(judge.Counters) { // where it comes before they stand still
		return d.narrow()
	}
	return nil
}

func (d *driver) wants(phase string) bool { return slices.Contains(d.Phases, phase) }

// pointless says why nothing that comes can be proven any more; empty where it can.
func (d *driver) pointless(next string) string {
	if what := d.record.Disturbed(); what != "" {
		return what + " while the proof ran"
	}
	for _, phase := range []string{judge.Preflight, judge.Mix, judge.Trip, judge.Clean} {
		if !d.wants(phase) || phase == next {
			continue
		}
		for _, c := range d.record.Claims(phase) {
			switch {
			case c.Open || c.Statement == timeline.Proven || c.Narrow:
			case (phase == judge.Clean || phase == judge.Preflight) && c.Statement != timeline.Refuted:
			case phase == judge.Trip && d.record.Ejections() > 0:
			case phase == judge.Trip && (next == judge.Counters || next == judge.Healthy):
			default:
				return phase + " is " + string(c.Statement)
			}
		}
	}
	return ""
}

// put takes an entry into the record, and hands it on.
func (d *driver) put(e timeline.Entry) error {
	d.record.Add(e)
	if e.Event != nil || e.Phase != nil {
		d.spoke = time.Now()
	}
	return d.Each(e)
}

func (d *driver) say(line string) {
	d.spoke = time.Now()
	d.Say(line)
}

func (d *driver) step(s timeline.Step) error {
	return d.put(timeline.Entry{Time: time.Now(), Step: &s})
}

// send changes the load. Why is said where it is not what was asked for.
func (d *driver) send(l mesh.Load, why string) error {
	if l == d.load {
		return nil
	}
	d.load = l
	load := timeline.Load(l)
	if err := d.step(timeline.Step{Load: &load, Why: why}); err != nil {
		return err
	}
	if why != "" {
		d.say(why)
	}
	d.session.SetLoad(l)
	return nil
}

// state puts on record what is stated of a phase, as far as it is settled and new.
func (d *driver) state(phase string) error {
	for _, p := range d.record.Result().Phases {
		if p.Name != phase || p.Statement == timeline.NotProven {
			continue
		}
		if err := d.tell(p); err != nil {
			return err
		}
	}
	return nil
}

// tell puts a statement on record, unless it was told already.
func (d *driver) tell(p timeline.Phase) error {
	key := p.Name + " " + p.Pod
	if was, told := d.told[key]; told && was.Statement == p.Statement {
		return nil
	}
	d.told[key] = p
	return d.put(timeline.Entry{Time: time.Now(), Phase: &p})
}

// conclude looks around for causes where something is not proven, and puts the
// verdict on record.
func (d *driver) conclude() (*judge.Result, error) {
	if err := d.step(timeline.Step{Phase: "verdict"}); err != nil {
		return nil, err
	}
	if err := d.readAgain(); err != nil {
		return nil, err
	}
	result := d.record.Result()
	if result.Verdict != timeline.Agrees {
		for _, s := range d.survey() {
			if err := d.put(timeline.Entry{Time: time.Now(), Symptom: &s}); err != nil {
				return nil, err
			}
		}
		result = d.record.Result()
	}
	for _, p := range result.Phases {
		if err := d.tell(p); err != nil {
			return nil, err
		}
	}
	verdict := timeline.Verdict{Verdict: result.Verdict, Words: result.Words(d.wants(judge.Off))}
	return result, d.put(timeline.Entry{Time: time.Now(), Verdict: &verdict})
}

// readAgain puts on record what the sidecar has in force at the end. Without an
// answer, the record has that of the start alone.
func (d *driver) readAgain() error {
	if d.session == nil {
		return nil
	}
	ctx, stop := context.WithTimeout(d.ctx, surveyLimit)
	defer stop()
	has, err := mesh.Sidecar(ctx, d.mesh, d.client)
	if err != nil {
		d.say("Reading the sidecar's configuration again: " + strings.TrimSpace(err.Error()))
		return nil
	}
	return d.put(timeline.Entry{Time: time.Now(), Sidecar: has})
}

// survey is what a look around finds; nothing where it takes too long.
func (d *driver) survey() []timeline.Symptom {
	if d.client == (mesh.Client{}) {
		return nil
	}
	ctx, stop := context.WithTimeout(d.ctx, surveyLimit)
	defer stop()
	found, err := d.mesh.Survey(ctx, d.client)
	if err != nil {
		d.say("Looking around for the cause: " + strings.TrimSpace(err.Error()))
	}
	return found
}
