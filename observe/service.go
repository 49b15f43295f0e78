package main

import (
	"cmp"
	"errors"
	"fmt"

	"istio-circuit-breaker/internal/callers"
	"istio-circuit-breaker/internal/mesh/kube"
	"istio-circuit-breaker/internal/target"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// serviceFlags choose a service of anybody's and its callers.
type serviceFlags struct {
	service string
	from    []string
	port    int
}

func newServiceFlags(cmd *cobra.Command) *serviceFlags {
	s, flags := &serviceFlags{}, cmd.Flags()
	flags.StringVar(&s.service, "service", "", "look at `NAME[.NAMESPACE]` as all of its callers see it, without sending anything; the namespace is --namespace, or else the context's")
	flags.StringSliceVar(&s.from, "from", nil, "with --service, only the `caller` that is "+fromForms+"; may be given several times")
	flags.IntVar(&s.port, "port", 0, "with --service, only this `port` of the service's; 0 is all")
	return s
}

// asked is whether a service was named.
func (s *serviceFlags) asked() bool { return s.service != "" }

// scope is whose callers are looked for, or all that is wrong with that.
func (s *serviceFlags) scope(cmd *cobra.Command, cluster *genericclioptions.ConfigFlags) (callers.Scope, error) {
	var errs []error
	if !s.asked() {
		for _, name := range []string{"from", "port"} {
			if cmd.Flags().Changed(name) {
				errs = append(errs, fmt.Errorf("--%s: needs --service", name))
			}
		}
		if cmd.Flags().Changed("service") {
			errs = append(errs, errors.New(`--service "": must be NAME or NAME.NAMESPACE`))
		}
		return callers.Scope{}, errors.Join(errs...)
	}
	namespace := namespaceOf(cmd, cluster)
	t, err := target.Parse(s.service, namespace)
	if err != nil {
		errs = append(errs, fmt.Errorf("--service %w", err))
	}
	if s.port < 0 || s.port > 65535 {
		errs = append(errs, fmt.Errorf("--port %d: must be 0 to 65535", s.port))
	}
	t.Port = uint32(s.port)
	scope := callers.Scope{Target: t}
	for _, text := range s.from {
		from, err := callerOf(text, t)
		errs = append(errs, err)
		scope.From = append(scope.From, from)
	}
	return scope, errors.Join(errs...)
}

// fromForms is what --from takes, in the help.
const fromForms = "[KIND/]NAME[.NAMESPACE] (a deployment, statefulset, daemonset or pod), or namespace/NAME"

// callerOf reads what --from has; a name alone is of the service's namespace.
func callerOf(text string, of target.Target) (target.Caller, error) {
	c, err := target.ParseCaller(text, cmp.Or(of.Namespace, "default")) // where the service is wrong, that is said
	if err != nil {
		return c, fmt.Errorf("--from %w", err)
	}
	return c, nil
}

// refuse names flags that say something of the stack's own service.
func (s *serviceFlags) refuse(cmd *cobra.Command, names ...string) error {
	if !s.asked() {
		return nil
	}
	var errs []error
	cmd.Flags().Visit(func(f *pflag.Flag) {
		for _, name := range names {
			if f.Name == name {
				errs = append(errs, fmt.Errorf("--%s: is of the stack's own service, and goes without --service", name))
			}
		}
	})
	return errors.Join(errs...)
}

// namespaceOf is the namespace of a service that is not the stack's: that of the
// flag, or else the context's.
func namespaceOf(cmd *cobra.Command, cluster *genericclioptions.ConfigFlags) string {
	if cmd.Flags().Changed("namespace") {
		return *cluster.Namespace
	}
	*cluster.Namespace = ""
	name, _, err := cluster.ToRawKubeConfigLoader().Namespace()
	if err != nil || name == "" { // what is wrong with the kubeconfig is said when it is opened
		name = "default"
	}
	*cluster.Namespace = name
	return name
}

// openCallers is a cluster without a stack of ours in it.
func openCallers(cluster *genericclioptions.ConfigFlags) (*kube.Callers, error) {
	m, err := kube.Open(cluster)
	if err != nil {
		return nil, err
	}
	return m.Callers()
}
