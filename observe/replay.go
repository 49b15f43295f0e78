package main

import (
	"context"
	"fmt"
	"time"
)

var replayCommand = command{
	name:    "replay",
	summary: "show a recorded run again, at speed or at once",
	run:     runReplay,
	usage: `usage: go run ./observe replay [flags] RUN.jsonl

Shows a run that watch, verify or compare recorded with --record, as watch would
have shown it.

example: go run ./observe replay --speed 4 run.jsonl
`,
}

func runReplay(ctx context.Context, c *call) error {
	speed := c.Float64("speed", 0, "`times` as fast as it was; 0 is at once")
	asJSON := c.Bool("json", false, "print every entry as one line of JSON")
	args, err := c.parse(1, "one recording")
	if err != nil {
		return err
	}
	if !(*speed >= 0 && *speed <= 1e6) {
		return c.wrong(fmt.Errorf("--speed %g: must be 0 (at once) to 1000000", *speed))
	}
	entries, err := readRecording(args[0])
	if err != nil {
		return err
	}
	view, began := newView(c, *asJSON), time.Now()
	for _, e := range entries {
		at := e.Time
		if *speed > 0 {
			due := began.Add(time.Duration(float64(e.Time.Sub(entries[0].Time)) / *speed))
			if err := pauseUntil(ctx, due); err != nil {
				return err
			}
		}
		if err := view.Show(e, at); err != nil {
			return err
		}
	}
	return view.Close()
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
