package main

import (
	"cmp"
	"context"
	"errors"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/commandline"
	"istio-circuit-breaker/internal/explain"
	"istio-circuit-breaker/internal/mesh/kube"

	"github.com/spf13/cobra"
)

func explainCommand(c *call) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain [-f FILE|FOLDER|-]... | [--service NAME[.NAMESPACE]]",
		Short: "say what the rule will do; without a cluster, or what a service's callers have in one",
		Long: `Reads Pulumi.<stack>.yaml and says what its rule will do under a load: errors
needed, pods that may be out, when they come back, the time to trip, and what
may surprise. Settings given as flags win over the file's. In the lab the stack is
the lab's.

With -f it says that of each rule in manifests of yours, as lint reads them. It
has to know of how many pods: from workloads in them, or by --pods.

With --service it says it of what a caller has for a service of a cluster, of all
DestinationRules there and the mesh's own policy, each field with the object that it
comes from. Whose rule is in force depends on the caller: --from names its namespace
or workload.`,
		Example: c.Shown + " explain --stack dev --threshold 3 --rate 10\n" + c.Shown + " explain -f destinationrule.yaml --pods 4 --faulty 1\n" +
			c.Shown + " explain --service reviews.shop --from deployment/web.front",
		Args: commandline.TakesNone,
	}
	flags := cmd.Flags()
	load := loadFlags(cmd, 5)
	manifests := flags.StringArrayP("filename", "f", nil, "`file` or folder of rules that are no stack's, or - for stdin; may be given again")
	pods := flags.Int("pods", 0, "`number` of pods behind each host of -f (default: what workloads in the files tell)")
	stack := flags.String("stack", "", "`name` of the stack (default: PULUMI_STACK, or lab in the lab, else dev)")
	file := flags.String("config", "", "stack `file` (default: Pulumi.<stack>.yaml)")
	ejections := flags.Int("ejections", 0, "`number` of ejections to list (default 5)")
	asJSON := flags.Bool("json", false, "print one JSON object")
	service := flags.String("service", "", "`name` of a service of the cluster, or name.namespace")
	from := flags.String("from", "", "`caller` of --service: "+fromForms+" (default: any of the service's namespace)")
	cluster := addClusterFlags(cmd, kube.ForeignFlags(), "`name` of the namespace of --service where it names none (default: the context's)")
	completeService(cmd, cluster)
	settings := map[string]*string{}
	for flag, key := range map[string]string{"threshold": "outlier.consecutiveErrors", "base": "outlier.baseEjectionTime",
		"interval": "outlier.interval", "percent": "outlier.maxEjectionPercent", "enabled": "outlier.enabled",
		"healthy": "replicas.healthy", "faulty": "replicas.faulty", "max-delay": "faulty.maxDelay", "balancer": "loadBalancer"} {
		settings[key] = flags.String(flag, "", "`value` instead of the setting "+key)
	}
	completeFlag(cmd, "stack", func(context.Context) []string { return stacks(".") })
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		in := explain.Input{Ejections: *ejections, Load: breaker.Load{Rate: load.Rate, Concurrency: load.Concurrency, Timeout: load.Timeout.Round(time.Millisecond)}}
		foreign, err := foreignRules(cmd, *manifests, *service, *pods, settings)
		var asked explained
		if *service == "" {
			err = errors.Join(err, needs(cmd, "--service", "from", "namespace"))
		} else {
			var wrongly error
			asked, wrongly = explainedBy(*service, *from, namespaceOf(cmd, cluster))
			err = errors.Join(err, wrongly)
		}
		if err := errors.Join(checkLoad(load), err, checkCluster(cluster)); err != nil {
			return commandline.Wrong(cmd, err)
		}
		if *service != "" {
			return c.explainService(cmd, cluster, asked, *foreign, in, *asJSON)
		}
		if foreign != nil {
			return c.explainForeign(cmd, *foreign, in, *asJSON)
		}
		if *file == "" {
			*file = "Pulumi." + cmp.Or(*stack, currentStack()) + ".yaml"
		}
		cfg, err := stackConfig(*file, settings)
		if err != nil {
			return err
		}
		in.Rule = cfg.Rule()
		in.Load.Healthy, in.Load.Faulty, in.Load.MaxDelay = int(cfg.Replicas.Healthy), int(cfg.Replicas.Faulty), cfg.MaxDelay
		in.Load.Code = int(cfg.FaultyCode)
		e, err := explain.Run(in)
		if err != nil {
			return commandline.Wrong(cmd, err)
		}
		if *asJSON {
			return e.JSON(c.stdout)
		}
		return e.Text(c.stdout)
	}
	return cmd
}
