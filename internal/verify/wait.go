package verify

import (
	"context"
	"fmt"
	"time"

	"istio-circuit-breaker/internal/judge"
)

const (
	// firstLook bounds the wait for what the sidecar and the API server say at first.
	firstLook = 15 * time.Second
	// surveyLimit bounds the look around for causes.
	surveyLimit = 8 * time.Second
	// between is the least time between two questions to the judge.
	between = 20 * time.Millisecond
	// quiet is the longest time without a word.
	quiet = 5 * time.Second
)

// until takes entries until the condition holds. It is false where that took
// longer than limit, or where the mesh changed under the proof.
func (d *driver) until(limit time.Duration, what string, holds func() bool) (bool, error) {
	return d.untilAsked(limit, func() string { return what }, holds)
}

func (d *driver) untilAsked(limit time.Duration, what func() string, holds func() bool) (bool, error) {
	end := time.Now().Add(limit)
	timer, beat := time.NewTimer(limit), time.NewTicker(quiet/5)
	defer timer.Stop()
	defer beat.Stop()
	asked, news := time.Time{}, true
	ask := time.NewTicker(between)
	defer ask.Stop()
	for {
		if news && time.Since(asked) >= between {
			if holds() {
				return true, nil
			}
			if d.record.Disturbed() != "" {
				return false, nil
			}
			asked, news = time.Now(), false
		}
		select {
		case e, open := <-d.session.Entries():
			if !open {
				return false, context.Cause(d.ctx)
			}
			if err := d.put(e); err != nil {
				return false, err
			}
			news = true
		case <-ask.C:
			news = true // time itself settles some claims
		case <-beat.C:
			if time.Since(d.spoke) >= quiet {
				d.say(fmt.Sprintf("Still waiting for %s; at most until %s.", what(), end.Format("15:04:05")))
			}
		case err := <-d.session.Refused():
			return false, err
		case <-d.ctx.Done():
			return false, context.Cause(d.ctx)
		case <-timer.C:
			return holds(), nil
		}
	}
}

// settle waits until a phase has no claim that is open.
func (d *driver) settle(phase string, limit time.Duration) error {
	return d.settleOr(phase, limit, func() bool { return false })
}

// settleOr ends before that where something else holds.
func (d *driver) settleOr(phase string, limit time.Duration, or func() bool) error {
	var waits judge.Claim
	_, err := d.untilAsked(limit, func() string { return waitsFor(waits) }, func() bool {
		for _, c := range d.record.Claims(phase) {
			if c.Open {
				waits = c
				return or()
			}
		}
		return true
	})
	return err
}

// waitsFor is what a claim lacks, and how far it is.
func waitsFor(c judge.Claim) string {
	text := c.Name
	if c.Pod != "" {
		text += " of " + c.Pod
	}
	if c.Missing != "" {
		text += ": " + c.Missing
	}
	if c.Measured != "" {
		text += " (" + c.Measured + ")"
	}
	return text
}
