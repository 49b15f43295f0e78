package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/mesh/kube"
	"istio-circuit-breaker/internal/timeline"
	"istio-circuit-breaker/internal/verify"
)

var verifyCommand = command{
	name:    "verify",
	summary: "prove on the cluster that the breaker does what its rule says",
	run:     runVerify,
	usage: `usage: go run ./observe verify [flags]

Sends requests from inside of the mesh, watches the client's sidecar, and
compares each phase of the breaker's life with the rule: the mix of answers,
the trip at the threshold, clean answers while pods are out, their return, a
longer second ejection, a short one after a rest, and Envoy's counters.

example: go run ./observe verify --phases all --junit verify.xml

exit codes: 0 agrees, 1 failed, 2 wrong usage, 3 does not trip or trips wrongly
`,
}

func runVerify(ctx context.Context, c *call) error {
	cluster, load := c.clusterFlags(), c.loadFlags(10)
	phases := c.String("phases", "once", "`list` of phases: once (up to the first return), all, or names of "+strings.Join(verify.All(), ", ")+", "+verify.Off)
	delay := c.Duration("max-delay", 4*time.Second, "the faulty pods' longest `delay`, to tell the time needed")
	asJSON := c.Bool("json", false, "print one JSON object")
	junit := c.String("junit", "", "write JUnit XML to `file`")
	record := c.String("record", "", "write the run as JSON lines to `file`")
	if _, err := c.parse(0, ""); err != nil {
		return err
	}
	chosen, err := verify.ParsePhases(*phases)
	if err := errors.Join(checkLoad(load), err); err != nil {
		return c.wrong(err)
	}
	m, err := kube.Open(*cluster)
	if err != nil {
		return err
	}
	recording, err := newRecording(*record)
	if err != nil {
		return err
	}
	defer recording.Close()
	result, err := verify.Run(ctx, m, verify.Options{Load: *load, Phases: chosen, MaxDelay: *delay, Say: c.say,
		Each: func(e timeline.Entry) error {
			if line := eventLine(e); line != "" {
				c.say(line)
			}
			if e.Phase != nil && !*asJSON {
				fmt.Fprint(c.stdout, verify.Text(*e.Phase))
			}
			return recording.Write(e)
		}})
	if err != nil {
		return err
	}
	if err := errors.Join(recording.Close(), writeJUnit(result, *junit)); err != nil {
		return err
	}
	if *asJSON {
		text, err := json.MarshalIndent(result, "", "  ")
		if err != nil {
			return fmt.Errorf("printing the result: %w", err)
		}
		fmt.Fprintf(c.stdout, "%s\n", text)
	} else {
		fmt.Fprintf(c.stdout, "\n%s\n", result.Words(slices.Contains(chosen, verify.Off)))
	}
	if result.Verdict != verify.Agrees {
		return errDiffers
	}
	return nil
}

func writeJUnit(result *verify.Result, path string) error {
	if path == "" {
		return nil
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing JUnit XML: %w", err)
	}
	return errors.Join(result.JUnit(file), file.Close())
}

// eventLine is an event as one line of progress; empty for all else.
func eventLine(e timeline.Entry) string {
	if e.Event == nil || e.Event.Kind == timeline.Confirmed {
		return ""
	}
	line := e.Time.Local().Format("15:04:05.000") + " " + string(e.Event.Kind)
	for _, part := range []string{e.Event.Pod, e.Event.Cause, e.Event.Detail} {
		if part != "" {
			line += " " + part
		}
	}
	if e.Event.Kind == timeline.PodEjected {
		line += fmt.Sprintf(" after %d errors in a row", e.Event.Errors)
	}
	if e.Event.Out > 0 {
		line += fmt.Sprintf(" after %.1fs", e.Event.Out.Seconds())
	}
	if e.Event.Source != "" {
		line += " (" + e.Event.Source + ")"
	}
	return line
}
