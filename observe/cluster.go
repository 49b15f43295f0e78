package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"istio-circuit-breaker/internal/commandline"
	"istio-circuit-breaker/internal/mesh/kube"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/tools/clientcmd"
)

// clusterFlags choose the cluster of a stack, as those of kubectl do.
func clusterFlags(cmd *cobra.Command) *genericclioptions.ConfigFlags {
	return addClusterFlags(cmd, kube.Flags(), "`name` of the stack's namespace; without it the only one with the stack's service, and else")
}

// findStack has the flags name the stack's namespace where the user named none.
func findStack(cmd *cobra.Command, flags *genericclioptions.ConfigFlags) error {
	if cmd.Flags().Changed("namespace") {
		return nil
	}
	found, err := kube.FindStack(cmd.Context(), flags)
	if err == nil {
		*flags.Namespace = found
	}
	return err
}

// addClusterFlags adds those that are not nil.
func addClusterFlags(cmd *cobra.Command, flags *genericclioptions.ConfigFlags, namespace string) *genericclioptions.ConfigFlags {
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.AddFlags(set)
	set.Lookup("namespace").Usage = namespace
	set.VisitAll(func(f *pflag.Flag) { commandline.Group(f, clusterGroup) })
	cmd.Flags().AddFlagSet(set)
	for name, pick := range map[string]func(kube.Names) []string{
		"context": func(n kube.Names) []string { return n.Contexts },
		"cluster": func(n kube.Names) []string { return n.Clusters },
		"user":    func(n kube.Names) []string { return n.Users },
	} {
		if !commandline.InGroup(cmd.Flags().Lookup(name), clusterGroup) {
			continue // lint has another flag of the name
		}
		completeFlag(cmd, name, func(context.Context) []string {
			names, _ := kube.NamesIn(flags) // nobody asked for an error
			return pick(names)
		})
	}
	completeFlag(cmd, "namespace", func(ctx context.Context) []string { return namesOf(ctx, flags, namesLimit, kube.Namespaces) })
	return flags
}

// checkCluster refuses what kubectl's flags take and nobody understands, all at once.
func checkCluster(flags *genericclioptions.ConfigFlags) error {
	var errs []error
	if _, err := clientcmd.ParseTimeout(*flags.Timeout); err != nil {
		errs = append(errs, fmt.Errorf("--request-timeout %s: must be 0 (none), or a time such as 10s", *flags.Timeout))
	}
	for _, extra := range *flags.ImpersonateUserExtra { // left out without a word otherwise
		if !strings.Contains(extra, "=") {
			errs = append(errs, fmt.Errorf("--as-user-extra %s: must be KEY=VALUE", extra))
		}
	}
	return errors.Join(errs...)
}

// clusterGroup is the group of those that choose the cluster.
const clusterGroup = "flags that choose the cluster, as kubectl takes them"

// namesLimit is how long whoever types waits for the cluster.
const namesLimit = time.Second

// namesOf are what the cluster is asked for, or none where it does not answer in time.
func namesOf(ctx context.Context, flags *genericclioptions.ConfigFlags, limit time.Duration, ask func(context.Context, *genericclioptions.ConfigFlags) ([]string, error)) []string {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	// What gets the user's credentials may hang, and takes no context.
	answer := make(chan []string, 1)
	go func() {
		names, _ := ask(ctx, flags)
		answer <- names
	}()
	select {
	case names := <-answer:
		return names
	case <-ctx.Done():
		return nil
	}
}

// completeService has the shell offer the cluster's services for --service.
func completeService(cmd *cobra.Command, flags *genericclioptions.ConfigFlags) {
	completeFlag(cmd, "service", func(ctx context.Context) []string { return namesOf(ctx, flags, namesLimit, kube.Services) })
}
