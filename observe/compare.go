package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"istio-circuit-breaker/internal/commandline"
	"istio-circuit-breaker/internal/compare"
	"istio-circuit-breaker/internal/mesh/kube"
	"istio-circuit-breaker/internal/screen"
	"istio-circuit-breaker/internal/timeline"

	"github.com/spf13/cobra"
)

func compareCommand(c *call) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "compare",
		Short: "run the same load with the breaker off and on, side by side",
		Long: `Sends the same load twice, without and with outlierDetection in the rule, and
shows what callers gain. Each run lasts as long as the model says that it takes
to see that, unless --duration says otherwise. The rule is put back as it was,
also after Ctrl-C. Instead of sending, it takes two recordings of watch, verify or compare.`,
		Example: c.Shown + " compare --concurrency 4\n" + c.Shown + " compare --off off.jsonl --on on.jsonl",
		Args:    commandline.TakesNone,
	}
	flags := cmd.Flags()
	cluster, load := clusterFlags(cmd), loadFlags(cmd, 10)
	duration := flags.Duration("duration", 0, "`time` of each of the two runs; 0 is as long as the model says that it takes to see the gain")
	delay := flags.Duration("max-delay", 4*time.Second, "the faulty pods' longest `delay`, to tell that time")
	asJSON := flags.Bool("json", false, "print one JSON object")
	record := flags.String("record", "", "write both runs as JSON lines to `file`, the one with the breaker off first")
	off := flags.String("off", "", "recording `file` of a run with the breaker off")
	on := flags.String("on", "", "recording `file` of a run with the breaker on")
	offer(cmd, "off", recordings)
	offer(cmd, "on", recordings)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		err := errors.Join(checkLoad(load), checkCluster(cluster))
		if *duration != 0 && (*duration < compare.Shortest || *duration > compare.Longest) {
			err = errors.Join(err, fmt.Errorf("--duration %s: must be 1s to 1h, or 0 to have it chosen", *duration))
		}
		if *delay < 0 {
			err = errors.Join(err, fmt.Errorf("--max-delay %s: must be 0 or more", *delay))
		}
		if (*off == "") != (*on == "") {
			err = errors.Join(err, errors.New("--off and --on: give both or none"))
		}
		if err != nil {
			return commandline.Wrong(cmd, err)
		}
		var without, with compare.Side
		if *off != "" {
			without, with, err = c.recorded(*off, *on)
		} else {
			if err = findStack(cmd, cluster); err != nil {
				return err
			}
			var m *kube.Cluster
			if m, err = kube.Open(cluster); err != nil {
				return err
			}
			var recording *recording
			if recording, err = newRecording(*record); err != nil {
				return err
			}
			defer recording.Close()
			without, with, err = compare.Live(cmd.Context(), m, compare.Options{Load: *load, Duration: *duration, MaxDelay: *delay, Say: c.say,
				Each: func(e timeline.Entry) error {
					if line := screen.EventLine(e); line != "" {
						c.say(line)
					}
					return recording.Write(e)
				}})
			err = errors.Join(err, recording.Close())
		}
		if err != nil {
			return err
		}
		if *asJSON {
			return json.NewEncoder(c.stdout).Encode(map[string]compare.Side{"off": without, "on": with})
		}
		return compare.Text(c.stdout, without, with)
	}
	return cmd
}

// recorded makes both sides of recordings.
func (c *call) recorded(off, on string) (without, with compare.Side, err error) {
	sides := make([]compare.Side, 2)
	for i, path := range []string{off, on} {
		entries, err := c.readRecording(path)
		if err != nil {
			return without, with, err
		}
		if sides[i], err = compare.Of(entries); err != nil {
			return without, with, fmt.Errorf("reading %q: %w", path, err)
		}
	}
	return sides[0], sides[1], nil
}
