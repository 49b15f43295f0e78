package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"istio-circuit-breaker/internal/commandline"
	"istio-circuit-breaker/internal/compare"
	"istio-circuit-breaker/internal/timeline"
	"istio-circuit-breaker/internal/web"

	"github.com/spf13/cobra"
)

func replayCommand(c *call) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "replay RUN.jsonl",
		Short: "show a recorded run again, at speed or at once",
		Long: `Shows a run that watch, verify or compare recorded with --record, as they would
have shown it: its pods and events, a proof's phases and verdict, and both runs
of a comparison. With --web it shows it as a page, at the speed that it had
unless --speed says otherwise, and stays until Ctrl-C.`,
		Example:           c.Shown + " replay --speed 4 run.jsonl",
		Args:              commandline.Takes(1, 1, "one recording"),
		ValidArgsFunction: recordings,
	}
	flags := cmd.Flags()
	speed := flags.Float64("speed", 0, "`times` as fast as it was; 0 is at once")
	asJSON := flags.Bool("json", false, "print every entry as one line of JSON")
	page := c.webFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		err := page.check(*asJSON)
		if !(*speed >= 0 && *speed <= 1e6) {
			err = errors.Join(fmt.Errorf("--speed %g: must be 0 (at once) to 1000000", *speed), err)
		}
		if err != nil {
			return commandline.Wrong(cmd, err)
		}
		if page.asked && *speed == 0 {
			*speed = 1
		}
		entries, err := c.readRecording(args[0])
		if err != nil {
			return err
		}
		if err := page.open(ctx, web.Options{Pace: *speed}); err != nil {
			return err
		}
		defer page.Close()
		view := newView(c, c.stdout, *asJSON, *speed)
		defer view.Close()
		if err := replay(ctx, entries, *speed, func(e timeline.Entry) error {
			page.Show(e, e.Time)
			if !*asJSON {
				view.run(e)
				view.Proof(e)
			}
			return view.Show(e, e.Time)
		}); err != nil {
			if view.live != nil && ctx.Err() != nil { // seen enough
				return view.Close()
			}
			return err
		}
		if !*asJSON {
			view.compared(entries)
		}
		page.stay(ctx)
		return errors.Join(view.Close(), page.Close())
	}
	return cmd
}

// replay tells of each entry when it is due.
func replay(ctx context.Context, entries []timeline.Entry, speed float64, each func(timeline.Entry) error) error {
	began := time.Now()
	for _, e := range entries {
		if speed > 0 {
			due := began.Add(time.Duration(float64(e.Time.Sub(entries[0].Time)) / speed))
			if err := pauseUntil(ctx, due); err != nil {
				return err
			}
		}
		if err := each(e); err != nil {
			return err
		}
	}
	return nil
}

// run says which run of a comparison begins, where it is not drawn.
func (v *view) run(e timeline.Entry) {
	if v.live == nil && e.Header != nil && e.Header.Label != "" {
		fmt.Fprintf(v.out, "%s %s: breaker %s\n", e.Time.Local().Format("15:04:05.000"), e.Header.Command, e.Header.Label)
	}
}

// compared prints both runs of a comparison side by side.
func (v *view) compared(entries []timeline.Entry) {
	runs := timeline.Runs(entries)
	if len(runs) != 2 {
		return
	}
	var sides [2]compare.Side
	for i, run := range runs {
		var err error
		if sides[i], err = compare.Of(run); err != nil {
			v.Say(fmt.Sprintf("not comparing the runs: %v", err))
			return
		}
	}
	var text strings.Builder
	if err := compare.Text(&text, sides[0], sides[1]); err == nil {
		v.Result("\n" + text.String())
	}
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
