package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/commandline"
	"istio-circuit-breaker/internal/explain"
	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/lint"
	"istio-circuit-breaker/internal/translate"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// foreign are rules in manifests, or those for a service of a cluster, and what
// these do not say.
type foreign struct {
	paths        []string
	pods, faulty int
	delay        time.Duration // longest of a faulty pod
}

// foreignRules takes the flags that go with -f or --service, and refuses the
// others; nil without either.
func foreignRules(cmd *cobra.Command, paths []string, service string, pods int, settings map[string]*string) (*foreign, error) {
	var errs []error
	refuse := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	by, says := "-f", "the manifest"
	switch {
	case service != "" && len(paths) > 0:
		refuse("--service: is of a cluster, and -f of files")
	case service != "":
		by, says = "--service", "the cluster"
	case len(paths) == 0:
		if cmd.Flags().Changed("pods") {
			refuse("--pods: needs -f or --service; the pods of a stack are --healthy and --faulty")
		}
		return nil, errors.Join(errs...)
	}
	if pods < 0 || pods > 1_000_000 {
		refuse("--pods %d: must be 0 to 1000000", pods)
	}
	faulty, err := strconv.Atoi(cmp.Or(*settings["replicas.faulty"], "1"))
	if err != nil || faulty < 1 {
		refuse("--faulty %s: must be 1 or more", *settings["replicas.faulty"])
	}
	delay, err := time.ParseDuration(cmp.Or(*settings["faulty.maxDelay"], "0s"))
	if err != nil || delay < 0 {
		refuse("--max-delay %s: must be a duration of 0s or more", *settings["faulty.maxDelay"])
	}
	cmd.Flags().Visit(func(given *pflag.Flag) {
		switch given.Name {
		case "stack", "config", "threshold", "base", "interval", "percent", "enabled", "healthy", "balancer":
			refuse("--%s: is of a stack, and with %s %s says it", given.Name, by, says)
		}
	})
	return &foreign{paths: paths, pods: pods, faulty: faulty, delay: delay}, errors.Join(errs...)
}

// foreignExplanation is one rule of a manifest and what it will do.
type foreignExplanation struct {
	lint.Meaning
	Explanation explain.Explanation `json:"explanation"`
}

// explainForeign says of each rule in manifests what it will do.
func (c *call) explainForeign(cmd *cobra.Command, f foreign, in explain.Input, asJSON bool) error {
	report, err := interruptible(cmd.Context(), new(sync.Mutex), func() (lint.Report, error) {
		linter := lint.New(lint.Options{Pods: f.pods})
		if err := c.lintAll(linter, f.paths, "explain -f", c.say); err != nil {
			return lint.Report{}, err
		}
		return linter.Report(), nil
	})
	if err != nil {
		return err
	}
	rules := report.Rules
	judge := "run `" + c.Shown + " lint " + strings.Join(f.paths, " ") + "`"
	if len(rules) == 0 {
		return hint.With(errors.New("explaining rules: there is no outlierDetection in any DestinationRule"), judge)
	}
	var all []foreignExplanation
	var refused, unclear []error
	for _, rule := range rules {
		in.Rule = rule.Rule
		in.Load.Healthy, in.Load.Faulty, in.Load.MaxDelay = rule.Pods-f.faulty, f.faulty, f.delay
		switch name := named(rule); {
		case rule.Refused:
			refused = append(refused, fmt.Errorf("explaining %s: Istio refuses a value of %s", name, rule.Field))
			continue
		case rule.Errors == 0 && translate.Cluster(rule.Rule).Outlier.Local > 0: // the model is of answers
			refused = append(refused, fmt.Errorf("explaining %s: it ejects for failures of the sidecar's own alone, which cannot be told beforehand", name))
			continue
		case rule.Pods == 0 && rule.Rule.Unchosen != "": // how many there are is all the same
			refused = append(refused, fmt.Errorf("explaining %s: %s", name, rule.Words))
			continue
		case rule.Pods == 0:
			unclear = append(unclear, fmt.Errorf("--pods: nothing in the files tells how many pods %s is for", name))
			continue
		case rule.Pods < f.faulty:
			unclear = append(unclear, fmt.Errorf("--faulty %d: %s is for %d pods", f.faulty, name, rule.Pods))
			continue
		}
		e, err := explain.Run(in)
		if err != nil {
			return commandline.Wrong(cmd, err)
		}
		all = append(all, foreignExplanation{rule, e})
	}
	if len(refused) > 0 {
		return hint.With(errors.Join(refused...), judge)
	}
	if len(unclear) > 0 {
		return commandline.Wrong(cmd, errors.Join(unclear...))
	}
	if asJSON {
		out := json.NewEncoder(c.stdout)
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false)
		return out.Encode(map[string]any{"rules": all})
	}
	said := map[string]bool{} // what is so of every rule is good to know once
	for i, e := range all {
		if i > 0 {
			fmt.Fprintln(c.stdout)
		}
		e.Explanation.Notes = slices.DeleteFunc(e.Explanation.Notes, func(n breaker.Warning) bool {
			defer func() { said[n.Text] = true }()
			return said[n.Text]
		})
		if err := e.text(c.stdout); err != nil {
			return err
		}
	}
	return nil
}

// text is the explanation below what it is of.
func (e foreignExplanation) text(w io.Writer) error {
	fmt.Fprintf(w, "%s:%d: %s\n%s\n\n", lint.Printable(e.File), e.Line, named(e.Meaning), lint.Printable(e.Words))
	return e.Explanation.Text(w)
}

// named is whose rule it is, and for what.
func named(m lint.Meaning) string {
	if m.For == "" {
		return lint.Printable(m.Object)
	}
	return lint.Printable(m.Object + ", " + m.For)
}
