package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"istio-circuit-breaker/internal/commandline"
	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/judge"
	"istio-circuit-breaker/internal/mesh/kube"
	"istio-circuit-breaker/internal/ownstack"
	"istio-circuit-breaker/internal/runner"
	"istio-circuit-breaker/internal/verify"

	"github.com/spf13/cobra"
)

// removalLimit bounds taking the stack away.
const removalLimit = 15 * time.Minute

func tryCommand(c *call) *cobra.Command {
	t := &trial{call: c}
	cmd := &cobra.Command{
		Use:   "try -f FILE",
		Short: "prove a rule of your own on ServiceX pods, and take them away again",
		Long: `Puts the trafficPolicy of a DestinationRule of yours on ServiceX pods of which some
fail, in a namespace and a Pulumi stack of its own; says beforehand what the rule will
do, proves whether it does that, and takes everything away afterwards, also where it
is interrupted. It has to be run in the folder of Pulumi.yaml. Where image and mesh
come from it takes from the stack that is current (PULUMI_STACK, or lab in the lab,
else dev); a mesh that is there is used and left alone.

exit codes: 0 agrees, 1 could not be done, 2 wrong usage, 3 refuted, 4 not proven`,
		Example: c.Shown + " try -f destinationrule.yaml --pods 6 --faulty 2 --code 500\n" + c.Shown + " try -f rules.yaml --name shop/cart --phases all --record run.jsonl",
		Args:    commandline.TakesNone,
	}
	flags := cmd.Flags()
	flags.StringVarP(&t.file, "filename", "f", "", "`file` with the DestinationRule, YAML or JSON, or - for stdin")
	flags.StringVar(&t.name, "name", "", "`name` of the DestinationRule, or NAMESPACE/NAME (default: the only one that ejects)")
	flags.IntVar(&t.pods, "pods", 2, "`number` of pods in all")
	flags.IntVar(&t.faulty, "faulty", 1, "`number` of pods that fail")
	flags.IntVar(&t.code, "code", 504, "`status` that these answer")
	flags.DurationVar(&t.delay, "delay", 0, "longest `delay` of these, evenly spread from 0")
	flags.StringVar(&t.phases, "phases", "", "`list` of phases, as verify takes it (default: once, or never where the rule does not count the code)")
	flags.IntVar(&t.expect, "threshold", 0, "`errors` in a row that the rule has to say, whatever it says; 0 demands nothing")
	flags.StringVar(&t.stack, "stack", "try", "`name` of the Pulumi stack that is made and removed")
	flags.BoolVar(&t.keep, "keep", false, "leave the stack as it is afterwards")
	flags.BoolVar(&t.json, "json", false, "print one JSON object")
	flags.StringVar(&t.record, "record", "", "write the run as JSON lines to `file`")
	t.cluster, t.load = kube.Flags(), loadFlags(cmd, 10)
	*t.cluster.Namespace = "circuit-breaker-try"
	flags.StringVarP(t.cluster.Namespace, "namespace", "n", *t.cluster.Namespace, "`name` of the namespace that is made and removed")
	flags.StringVar(t.cluster.Context, "context", "", "`name` of the kubeconfig context")
	flags.StringVar(t.cluster.KubeConfig, "kubeconfig", "", "`path` of the kubeconfig")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := t.check(); err != nil {
			return commandline.Wrong(cmd, err)
		}
		return t.run(cmd.Context())
	}
	return cmd
}

// run explains, brings up, proves and takes away.
func (t *trial) run(ctx context.Context) error {
	// A second Ctrl-C kills nothing before the stack is away, see remove.
	_, release := signal.NotifyContext(context.WithoutCancel(ctx), os.Interrupt, syscall.SIGTERM)
	defer release()
	out := t.stdout
	if t.json {
		out = t.stderr
	}
	if t.given = t.file; t.given == "-" {
		done, err := t.fromStdin(os.Stdin)
		if err != nil {
			return err
		}
		defer done()
	}
	if err := t.explain(out); err != nil {
		return err
	}
	settings, err := t.settings(ctx)
	if err != nil {
		return err
	}
	stack := &ownstack.Stack{Name: t.stack, Dir: ".", Settings: settings, Say: t.say,
		// At Ctrl-C Pulumi ends what it has under way, and keeps its state whole.
		Runner: runner.Exec{Ask: syscall.SIGINT, Grace: time.Minute}}
	result, err := t.prove(ctx, stack)
	if err := errors.Join(err, t.remove(ctx, stack)); err != nil {
		return err
	}
	return t.conclude(result, t.json)
}

func (t *trial) prove(ctx context.Context, stack *ownstack.Stack) (*judge.Result, error) {
	if err := stack.Up(ctx); err != nil {
		return nil, err
	}
	chosen, err := judge.ParsePhases(t.phases)
	if err != nil {
		return nil, err
	}
	return t.proof(ctx, nil, proofOptions{cluster: t.cluster, record: t.record, json: t.json,
		Options: verify.Options{Load: *t.load, Phases: chosen, ExpectThreshold: t.expect, Code: t.code, MaxDelay: t.delay}})
}

// remove takes the stack away, also after Ctrl-C; another one ends that.
func (t *trial) remove(ctx context.Context, stack *ownstack.Stack) error {
	if t.keep {
		t.say("The stack is kept. Look at it with `" + t.Shown + " watch --namespace " + *t.cluster.Namespace + "`; take it away with `" + stack.Removal() + "`.")
		return nil
	}
	interrupted := ctx.Err() != nil
	ctx, stop := signal.NotifyContext(context.WithoutCancel(ctx), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, end := context.WithTimeout(ctx, removalLimit)
	defer end()
	return stack.Down(ctx, interrupted)
}

// projectFile is looked for where pulumi is to be run.
func projectFile() (string, error) {
	path, err := filepath.Abs("Pulumi.yaml")
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		return "", hint.With(fmt.Errorf("looking for the Pulumi program: %w", err), "run it in the folder of Pulumi.yaml, a clone of this program's repository")
	}
	return path, nil
}
