package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"istio-circuit-breaker/internal/mesh/kube"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/tools/clientcmd"
)

// clusterFlags choose the cluster, as those of kubectl do.
func clusterFlags(cmd *cobra.Command) *genericclioptions.ConfigFlags {
	flags, set := kube.Flags(), pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.AddFlags(set)
	set.Lookup("namespace").Usage = "`name` of the stack's namespace"
	set.VisitAll(func(f *pflag.Flag) { f.Annotations = map[string][]string{clusterFlag: nil} })
	cmd.Flags().AddFlagSet(set)
	for name, pick := range map[string]func(kube.Names) []string{
		"context": func(n kube.Names) []string { return n.Contexts },
		"cluster": func(n kube.Names) []string { return n.Clusters },
		"user":    func(n kube.Names) []string { return n.Users },
	} {
		completeFlag(cmd, name, func(context.Context) []string {
			names, _ := kube.NamesIn(flags) // nobody asked for an error
			return pick(names)
		})
	}
	completeFlag(cmd, "namespace", func(ctx context.Context) []string { return namespaces(ctx, flags, namespacesLimit) })
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

// clusterFlag is the annotation of a flag that chooses the cluster.
const clusterFlag = "cluster"

func choosesCluster(f *pflag.Flag) bool {
	_, is := f.Annotations[clusterFlag]
	return is
}

// namespacesLimit is how long whoever types waits for the cluster.
const namespacesLimit = time.Second

// namespaces are those of the cluster, or none where it does not answer in time.
func namespaces(ctx context.Context, flags *genericclioptions.ConfigFlags, limit time.Duration) []string {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	// What gets the user's credentials may hang, and takes no context.
	answer := make(chan []string, 1)
	go func() {
		names, _ := kube.Namespaces(ctx, flags)
		answer <- names
	}()
	select {
	case names := <-answer:
		return names
	case <-ctx.Done():
		return nil
	}
}
