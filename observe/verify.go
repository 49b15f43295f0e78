package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/commandline"
	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/judge"
	"istio-circuit-breaker/internal/mesh/kube"
	"istio-circuit-breaker/internal/timeline"
	"istio-circuit-breaker/internal/verify"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

func verifyCommand(c *call) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify [RUN.jsonl]",
		Short: "prove on the cluster that the breaker does what its rule says",
		Long: `Sends requests from inside of the mesh, watches the client's sidecar, and says
of each claim about the breaker's life whether the evidence proves it, refutes
it, or does neither: the mix of answers, the trip at the threshold, clean
answers while pods are out, their return, a longer second ejection, a short one
after a rest, and Envoy's counters. On a terminal it shows the pods meanwhile,
as watch does. With a recording of a proof it judges that again.

exit codes: 0 agrees, 1 could not be done, 2 wrong usage, 3 refuted, 4 not proven`,
		Example:           c.Shown + " verify --phases all --record run.jsonl --junit verify.xml\n" + c.Shown + " verify run.jsonl",
		Args:              commandline.Takes(0, 1, "at most one recording"),
		ValidArgsFunction: recordings,
	}
	flags := cmd.Flags()
	cluster, load := clusterFlags(cmd), loadFlags(cmd, 10)
	phases := flags.String("phases", "once", "`list` of phases: once (up to the first return), all, or names of "+strings.Join(judge.All(), ", ")+", "+judge.Off+", "+judge.Never)
	expect := flags.Int("expect-threshold", 0, "`errors` in a row that the rule has to say, whatever it says; 0 demands nothing")
	code := flags.Int("code", 0, "`status` that the faulty pods answer, the setting faulty.code; 0 is any gateway error")
	delay := flags.Duration("max-delay", 4*time.Second, "the faulty pods' longest `delay`, to tell the time needed")
	asJSON := flags.Bool("json", false, "print one JSON object")
	junit := flags.String("junit", "", "write JUnit XML to `file`")
	record := flags.String("record", "", "write the run as JSON lines to `file`")
	completeList(cmd, "phases", append([]string{"once", "all", judge.Off, judge.Never}, judge.All()...))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			if set := besides(cmd, "json", "junit"); len(set) > 0 {
				return commandline.Wrong(cmd, fmt.Errorf("judging the recording %q again: it says itself what it claims; %s can only be said of a proof on the cluster", args[0], strings.Join(set, ", ")))
			}
		}
		chosen, err := judge.ParsePhases(*phases)
		if *expect < 0 || *expect > 10000 {
			err = errors.Join(err, fmt.Errorf("--expect-threshold %d: must be 0 (nothing is demanded) to 10000", *expect))
		}
		if *code != 0 && (*code < 500 || *code > 599) {
			err = errors.Join(err, fmt.Errorf("--code %d: must be 500 to 599, or 0 (any gateway error)", *code))
		}
		if err := errors.Join(checkLoad(load), checkCluster(cluster), err); err != nil {
			return commandline.Wrong(cmd, err)
		}
		if len(args) == 0 {
			if err := findStack(cmd, cluster); err != nil {
				return err
			}
		}
		result, err := c.proof(cmd.Context(), args, proofOptions{cluster: cluster, record: *record, json: *asJSON,
			Options: verify.Options{Load: *load, Phases: chosen, ExpectThreshold: *expect, Code: *code, MaxDelay: *delay}})
		if err := errors.Join(err, writeJUnit(result, err, *junit)); err != nil {
			return err
		}
		return c.conclude(result, *asJSON)
	}
	return cmd
}

// besides are the flags that were set, but for some.
func besides(cmd *cobra.Command, but ...string) []string {
	var set []string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if !slices.Contains(but, f.Name) {
			set = append(set, "--"+f.Name)
		}
	})
	return set
}

// conclude ends a command with the verdict of its proof.
func (c *call) conclude(result *judge.Result, asJSON bool) error {
	if asJSON {
		text, err := json.MarshalIndent(result, "", "  ")
		if err != nil {
			return fmt.Errorf("printing the result: %w", err)
		}
		fmt.Fprintf(c.stdout, "%s\n", text)
	}
	switch result.Verdict {
	case timeline.Agrees:
		return nil
	case timeline.Differs:
		return errDiffers
	default:
		return errNotProven
	}
}

// proofOptions are how a proof is done and shown.
type proofOptions struct {
	verify.Options
	cluster *genericclioptions.ConfigFlags
	record  string
	json    bool
}

// proof is a live one, or a recorded one that is judged again.
func (c *call) proof(ctx context.Context, args []string, o proofOptions) (*judge.Result, error) {
	if len(args) == 1 {
		return c.judgeAgain(args[0], o.json)
	}
	m, err := kube.Open(o.cluster)
	if err != nil {
		return nil, err
	}
	recording, err := newRecording(o.record)
	if err != nil {
		return nil, err
	}
	defer recording.Close()
	view := newView(c, c.stderr, false, 1)
	defer view.Close()
	o.Say = view.Say
	o.Each = func(e timeline.Entry) error {
		if !o.json {
			view.Proof(e)
		}
		return errors.Join(recording.Write(e), view.Show(e, time.Now()))
	}
	result, err := verify.Run(ctx, m, o.Options)
	return result, errors.Join(err, view.Close(), recording.Close())
}

// judgeAgain judges a recording: the same entries have the same verdict.
func (c *call) judgeAgain(path string, asJSON bool) (*judge.Result, error) {
	entries, err := c.readRecording(path)
	if err != nil {
		return nil, err
	}
	headers := 0
	for _, e := range entries {
		if e.Header == nil {
			continue
		}
		headers++
		switch {
		case e.Header.Version < 2:
			return nil, hint.With(fmt.Errorf("judging the recording %q: it is of format version %d, which lacks what the sidecar had in force", path, e.Header.Version),
				"record the proof anew with `"+c.Shown+" verify --record RUN.jsonl`, or look at this one with `"+c.Shown+" replay`")
		case e.Header.Claim == nil:
			return nil, hint.With(fmt.Errorf("judging the recording %q: it is of %q, which claims nothing", path, e.Header.Command), "make one with `"+c.Shown+" verify --record RUN.jsonl`")
		}
	}
	if headers != 1 {
		return nil, fmt.Errorf("judging the recording %q: it holds %d runs, and a proof is one", path, headers)
	}
	result := judge.Judge(entries)
	if !asJSON {
		for _, p := range result.Phases {
			fmt.Fprint(c.stdout, verify.Text(p))
		}
		fmt.Fprintf(c.stdout, "\n%s\n", result.Words(slices.ContainsFunc(result.Phases, func(p timeline.Phase) bool { return p.Name == judge.Off })))
	}
	for _, e := range entries {
		if e.Verdict != nil && e.Verdict.Verdict != result.Verdict {
			c.say(fmt.Sprintf("warning: the recording %q says %q of itself; judged again it is %q", path, e.Verdict.Verdict, result.Verdict))
		}
	}
	return result, nil
}

// writeJUnit writes the outcome, also of a proof that could not be done.
func writeJUnit(result *judge.Result, failed error, path string) error {
	if path == "" {
		return nil
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing JUnit XML: %w", err)
	}
	var w io.Writer = file
	if failed != nil {
		return errors.Join(verify.JUnitError(w, failed), file.Close())
	}
	return errors.Join(verify.JUnit(w, result), file.Close())
}
