package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
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
longer second ejection, a short one after a rest, and Envoy's counters. On a
terminal it shows the pods meanwhile, as watch does.

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
	view := newView(c, c.stderr, false, 1)
	defer view.Close()
	result, err := verify.Run(ctx, m, verify.Options{Load: *load, Phases: chosen, MaxDelay: *delay, Say: view.Say,
		Each: func(e timeline.Entry) error {
			if !*asJSON {
				view.Proof(e)
			}
			return errors.Join(recording.Write(e), view.Show(e, time.Now()))
		}})
	if err != nil {
		return err
	}
	if err := errors.Join(view.Close(), recording.Close(), writeJUnit(result, *junit)); err != nil {
		return err
	}
	if *asJSON {
		text, err := json.MarshalIndent(result, "", "  ")
		if err != nil {
			return fmt.Errorf("printing the result: %w", err)
		}
		fmt.Fprintf(c.stdout, "%s\n", text)
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
