package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/commandline"
	"istio-circuit-breaker/internal/effective"
	"istio-circuit-breaker/internal/explain"
	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/inventory"
	"istio-circuit-breaker/internal/mesh/kube"
	"istio-circuit-breaker/internal/target"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// serviceExplanation is what a caller has for a service of a cluster.
type serviceExplanation struct {
	Service string          `json:"service"`
	Caller  string          `json:"caller"`
	Has     []hasAndWillDo  `json:"has"`
	NotSeen []string        `json:"notKnown"`
	Notes   []string        `json:"notes"`
	call    *inventory.Call // that it is of
}

// hasAndWillDo is what a caller has for some ports, and what that will do.
type hasAndWillDo struct {
	Ports  []int32 `json:"ports"`
	Subset string  `json:"subset,omitempty"`
	// Pods that are hosts of the Envoy; 0: none is, or it is not known.
	Pods       int                    `json:"pods"`
	Fields     []effective.Field      `json:"fields"`
	NotInForce []effective.Considered `json:"notInForce"`
	// Explanation is nil where it cannot be told, and Unexplained says why.
	Explanation *explain.Explanation `json:"explanation,omitempty"`
	Unexplained string               `json:"unexplained,omitempty"`
}

// explained is a service, and who calls it.
type explained struct {
	service target.Target
	from    target.Caller
}

// explainedBy reads both, and says all that is wrong with them. Without a caller
// it is any of the service's namespace.
func explainedBy(service, from, namespace string) (e explained, err error) {
	if e.service, err = target.Parse(service, namespace); err != nil {
		err = fmt.Errorf("--service %w", err)
	}
	if from == "" {
		e.from = target.Caller{Kind: target.WholeNamespace, Namespace: e.service.Namespace}
		return e, err
	}
	var wrongly error
	e.from, wrongly = callerOf(from, e.service)
	return e, errors.Join(err, wrongly)
}

// callerWords are a caller in a sentence.
func callerWords(c target.Caller) string {
	if c.Kind == target.WholeNamespace {
		return "any caller of namespace " + c.Namespace
	}
	return c.String()
}

// explainService says what a caller has for a service of the cluster, and what
// that will do.
func (c *call) explainService(cmd *cobra.Command, flags *genericclioptions.ConfigFlags, asked explained, f foreign, in explain.Input, asJSON bool) error {
	config, _, err := kube.Foreign(flags)
	if err != nil {
		return err
	}
	client, err := inventory.Connect(config)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(cmd.Context(), inventoryLimit)
	defer stop()
	found, err := inventory.ReadCall(ctx, client, asked.service, asked.from)
	if err != nil {
		return fmt.Errorf("reading the cluster: %w", err)
	}
	e := serviceExplanation{Service: found.Host(), Caller: callerWords(found.Caller.Caller), Has: []hasAndWillDo{}, NotSeen: []string{}, Notes: []string{}, call: found}
	for _, err := range found.Unread {
		e.NotSeen = append(e.NotSeen, err.Error())
		c.say("not known: " + err.Error())
	}
	e.note()
	has := found.Has()
	if len(has) == 0 {
		return hint.With(fmt.Errorf("explaining %s: the service has no ports", found.Host()), "name a service that is called by a port")
	}
	for _, h := range has {
		one, err := willDo(h, f, in)
		if err != nil {
			return commandline.Wrong(cmd, err)
		}
		e.Has = append(e.Has, one)
	}
	if asJSON {
		out := json.NewEncoder(c.stdout)
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false)
		return out.Encode(e)
	}
	return e.text(c.stdout)
}

// note notes what is not computed, and may be otherwise.
func (e *serviceExplanation) note() {
	if e.call.Headless() {
		e.Notes = append(e.Notes, "the service is headless: a sidecar sends to the address that its caller chose, and ejects none; what is said of ejections is so of a gateway alone, which chooses a pod itself")
	}
	if e.call.Selected() {
		e.Notes = append(e.Notes, "a rule of the caller's namespace has a workloadSelector: name a workload with --from to know whether it is for that")
	}
}

// willDo is what a caller has, and what it will do where that can be told.
func willDo(h inventory.Has, f foreign, in explain.Input) (hasAndWillDo, error) {
	one := hasAndWillDo{Ports: h.Ports, Subset: h.Subset, Pods: h.Pods, Fields: h.Result.Fields, NotInForce: []effective.Considered{}}
	for _, c := range h.Result.Considered {
		if c.Code != effective.InForce && c.Code != effective.OtherHost {
			one.NotInForce = append(one.NotInForce, c)
		}
	}
	if f.pods > 0 {
		one.Pods = f.pods
	}
	in.Rule = h.Result.Rule
	in.Load.Healthy, in.Load.Faulty, in.Load.MaxDelay = one.Pods-f.faulty, f.faulty, f.delay
	_, by := in.Rule.Threshold()
	switch {
	case !in.Rule.Enabled:
		one.Unexplained = "without outlierDetection no pod is ever ejected"
	case by == breaker.NoDetector && in.Rule.SplitLocal:
		one.Unexplained = "it ejects for failures of the sidecar's own alone, which cannot be told beforehand"
	case one.Pods == 0:
		one.Unexplained = "no pod is known; say how many there are with --pods"
	case one.Pods < f.faulty:
		one.Unexplained = fmt.Sprintf("there are fewer pods (%d) than faulty ones (%d); say so with --faulty or --pods", one.Pods, f.faulty)
	default:
		e, err := explain.Run(in)
		if err != nil {
			return one, err
		}
		one.Explanation = &e
	}
	return one, nil
}

func (e serviceExplanation) text(w io.Writer) error {
	for i, h := range e.Has {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := h.text(w, e); err != nil {
			return err
		}
	}
	for _, note := range e.Notes {
		if _, err := fmt.Fprintf(w, "\nnote: %s\n", note); err != nil {
			return err
		}
	}
	return nil
}

// originWords are where a field comes from, with the object's kind.
func originWords(o effective.Origin) string {
	switch {
	case o.Object == "":
		return o.String()
	case strings.Contains(o.Object, "/"):
		return "DestinationRule " + o.String()
	default:
		return "the mesh's default: " + o.String()
	}
}

func (h hasAndWillDo) text(w io.Writer, e serviceExplanation) error {
	of := "port " + strings.Trim(strings.ReplaceAll(fmt.Sprint(h.Ports), " ", ", "), "[]")
	if h.Subset != "" {
		of += fmt.Sprintf(", subset %q", h.Subset)
	}
	fmt.Fprintf(w, "%s, %s, as %s has it\n\n", e.Service, of, e.Caller)
	for _, f := range h.Fields {
		fmt.Fprintf(w, "  %-30s %-13s %s\n", f.Name, f.Value, originWords(f.Origin))
	}
	for i, c := range h.NotInForce {
		if i == 0 {
			fmt.Fprint(w, "\nnot in force\n")
		}
		fmt.Fprintf(w, "  %s: %s\n", strings.TrimSpace(c.Object+" "+c.Path), c.Text)
	}
	fmt.Fprintln(w)
	if h.Explanation == nil {
		_, err := fmt.Fprintf(w, "Not explained: %s.\n", h.Unexplained)
		return err
	}
	return h.Explanation.Text(w)
}
