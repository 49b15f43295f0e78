package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/config"
	"istio-circuit-breaker/internal/explain"
	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/judge"
	"istio-circuit-breaker/internal/lint"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/kube"
	"istio-circuit-breaker/internal/ownstack"
	"istio-circuit-breaker/internal/rulefile"

	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// trial is a rule of the user's, and how it is tried.
type trial struct {
	*call
	file, name, stack, phases, record string
	given                             string // the file as the user named it
	pods, faulty, code, expect        int
	delay                             time.Duration
	keep, json                        bool
	load                              *mesh.Load
	cluster                           *genericclioptions.ConfigFlags
}

// check refuses what cannot be tried of the command line, all at once.
func (t *trial) check() error {
	errs := []error{checkLoad(t.load)}
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	refuse(t.file == "", "-f: needs a file with a DestinationRule, or - for stdin")
	refuse(t.file == "-" && t.keep, "--keep: needs a file with -f, which the stack goes on reading")
	refuse(t.faulty < 1 || t.faulty > 50, "--faulty %d: must be 1 to 50", t.faulty)
	refuse(t.pods-t.faulty < 1 || t.pods-t.faulty > 50, "--pods %d: must be 1 to 50 more than --faulty %d, which are the healthy ones", t.pods, t.faulty)
	refuse(t.code < 500 || t.code > 599, "--code %d: must be 500 to 599", t.code)
	refuse(t.delay < 0 || t.delay > time.Minute || t.delay%time.Millisecond != 0, "--delay %s: must be 0s to 1m, in whole milliseconds", t.delay)
	refuse(t.expect < 0 || t.expect > 10000, "--threshold %d: must be 0 (nothing is demanded) to 10000", t.expect)
	refuse(t.stack == "" || t.stack == currentStack(), "--stack %q: must be a stack of its own", t.stack)
	if t.phases != "" {
		_, err := judge.ParsePhases(t.phases)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// fromStdin keeps what stdin says in a file, which Pulumi's program reads later and
// more than once; done removes it.
func (t *trial) fromStdin(in io.Reader) (done func(), err error) {
	content, err := io.ReadAll(in)
	if err != nil {
		return nil, fmt.Errorf("reading stdin: %w", err)
	}
	dir, err := os.MkdirTemp("", "observe-try-")
	if err != nil {
		return nil, fmt.Errorf("keeping the rule of stdin: %w", err)
	}
	done = func() { _ = os.RemoveAll(dir) } // what stays of it is the system's to clear
	t.file = filepath.Join(dir, "stdin.yaml")
	if err := os.WriteFile(t.file, content, 0o600); err != nil {
		done()
		return nil, fmt.Errorf("keeping the rule of stdin: %w", err)
	}
	return done, nil
}

// explain says what the rule will do, and refuses one that cannot be tried.
func (t *trial) explain(out io.Writer) error {
	given, err := rulefile.Read(t.file, t.name)
	if err != nil {
		return hint.With(err, "run `"+t.Shown+" lint "+t.given+"`")
	}
	linter := lint.New(lint.Options{Pods: t.pods})
	if err := t.lintAll(linter, []string{t.file}, "try -f", t.say); err != nil {
		return err
	}
	report, object := linter.Report(), "DestinationRule "+given.Name
	for _, rule := range report.Rules {
		if rule.Object == object && rule.Refused {
			return hint.With(fmt.Errorf("trying %s: Istio refuses a value of %s", rule.Object, rule.Field), "run `"+t.Shown+" lint "+t.given+"`")
		}
	}
	rule := given.Breaker()
	e, err := explain.Run(explain.Input{Rule: rule, Load: breaker.Load{Healthy: t.pods - t.faulty, Faulty: t.faulty, Code: t.code,
		Rate: t.load.Rate, Concurrency: t.load.Concurrency, MaxDelay: t.delay, Timeout: t.load.Timeout}})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, given.Announced(mesh.Target(*t.cluster.Namespace).String()))
	fmt.Fprintln(out)
	if err := e.Text(out); err != nil {
		return err
	}
	fmt.Fprintln(out)
	for _, f := range report.Findings {
		if f.Object == object && f.Severity != lint.Info {
			fmt.Fprintf(out, "%s:%d: %s: %s (%s)\n", f.File, f.Line, f.Severity, f.Text, f.Code)
		}
	}
	if slices.ContainsFunc(e.Warnings, func(w breaker.Warning) bool { return w.Code == breaker.NoThreshold }) {
		return fmt.Errorf("trying %s: it has no threshold, so that there is nothing to prove", object)
	}
	if t.phases == "" {
		t.phases = "once"
		if !judge.Counted(rule, t.code) {
			t.phases = judge.Never
		}
	}
	return nil
}

// settings are those of the stack that the rule is tried in.
func (t *trial) settings(ctx context.Context) (map[string]string, error) {
	path, err := projectFile()
	if err != nil {
		return nil, err
	}
	project, err := projectName(path)
	if err != nil {
		return nil, err
	}
	file, err := filepath.Abs(t.file)
	if err != nil {
		return nil, fmt.Errorf("looking for %q: %w", t.file, err)
	}
	from := "Pulumi." + currentStack() + ".yaml"
	all, err := ownstack.Inherited(from, project)
	if err != nil {
		return nil, err
	}
	for flag, key := range map[*string]string{t.cluster.Context: "kubernetes:context", t.cluster.KubeConfig: "kubernetes:kubeconfig"} {
		if *flag == "" {
			*flag = all[key]
		}
		if delete(all, key); *flag != "" {
			all[key] = *flag
		}
	}
	if path := *t.cluster.KubeConfig; strings.Contains(path, "\n") {
		return nil, fmt.Errorf("reading %q: kubernetes:kubeconfig is no path; name a file with --kubeconfig", from)
	} else if strings.HasPrefix(path, "~/") {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, fmt.Errorf("looking for %q: %w", path, err)
		}
		*t.cluster.KubeConfig = filepath.Join(home, path[2:])
	}
	namespaces, err := kube.Namespaces(ctx, t.cluster)
	if err != nil {
		return nil, err
	}
	if slices.Contains(namespaces, *t.cluster.Namespace) {
		return nil, hint.With(fmt.Errorf("trying the rule: the namespace %q is there already", *t.cluster.Namespace), "take another with --namespace, or remove what is left of another try")
	}
	if slices.Contains(namespaces, "istio-system") {
		config.Override(all, "istio.install", "false")
	}
	for name, value := range map[string]string{
		"namespace": *t.cluster.Namespace, "rule.file": file, "rule.name": t.name,
		"replicas.healthy": strconv.Itoa(t.pods - t.faulty), "replicas.faulty": strconv.Itoa(t.faulty),
		"faulty.code": strconv.Itoa(t.code), "faulty.maxDelay": t.delay.String(),
	} {
		if value != "" {
			config.Override(all, name, value)
		}
	}
	if _, err := config.Parse(all); err != nil {
		return nil, fmt.Errorf("configuring the stack %q, with what %q says of image and mesh:\n%w", t.stack, from, err)
	}
	return all, nil
}
