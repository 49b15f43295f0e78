package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"istio-circuit-breaker/internal/web"
)

var replayCommand = command{
	name:    "replay",
	summary: "show a recorded run again, at speed or at once",
	run:     runReplay,
	usage: `usage: go run ./observe replay [flags] RUN.jsonl

Shows a run that watch, verify or compare recorded with --record, as watch would
have shown it. With --web it shows it as a page, at the speed that it had unless
--speed says otherwise, and stays until Ctrl-C.

example: go run ./observe replay --speed 4 run.jsonl
`,
}

func runReplay(ctx context.Context, c *call) error {
	speed := c.Float64("speed", 0, "`times` as fast as it was; 0 is at once")
	asJSON := c.Bool("json", false, "print every entry as one line of JSON")
	page := c.webFlags()
	args, err := c.parse(1, "one recording")
	if err != nil {
		return err
	}
	if !(*speed >= 0 && *speed <= 1e6) {
		return c.wrong(fmt.Errorf("--speed %g: must be 0 (at once) to 1000000", *speed))
	}
	if err := page.check(*asJSON); err != nil {
		return c.wrong(err)
	}
	if page.asked && *speed == 0 {
		*speed = 1
	}
	entries, err := readRecording(args[0])
	if err != nil {
		return err
	}
	if err := page.open(ctx, web.Options{Pace: *speed}); err != nil {
		return err
	}
	defer page.Close()
	view, began := newView(c, *asJSON), time.Now()
	for _, e := range entries {
		at := e.Time
		if *speed > 0 {
			due := began.Add(time.Duration(float64(e.Time.Sub(entries[0].Time)) / *speed))
			if err := pauseUntil(ctx, due); err != nil {
				return err
			}
		}
		page.Show(e, at)
		if err := view.Show(e, at); err != nil {
			return err
		}
	}
	page.stay(ctx)
	return errors.Join(view.Close(), page.Close())
}

// pauseUntil waits for a time, or for ctx to end.
func pauseUntil(ctx context.Context, due time.Time) error {
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
