package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"istio-circuit-breaker/internal/callers"
	"istio-circuit-breaker/internal/commandline"
	"istio-circuit-breaker/internal/export"
	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/network"
	"istio-circuit-breaker/internal/target"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// exportAddress is where the metrics are, unless told otherwise.
const exportAddress = "127.0.0.1:9915"

func exportCommand(c *call) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "tell Prometheus who has ejected whom",
		Long: `Reads the Envoys of all callers of a service, as watch --service does, and serves
what they say as metrics, in Prometheus' text format or as OpenMetrics. It sends
nothing to the service and changes nothing. Without --service it is the stack's own.
The first line that it prints is the URL to scrape. It ends with Ctrl-C.`,
		Example: c.Shown + " export --service reviews.shop --service ratings.shop\n" + c.Shown + " export --listen 127.0.0.1:9000",
		Args:    commandline.TakesNone,
	}
	cluster, flags := clusterFlags(cmd), cmd.Flags()
	services := flags.StringSlice("service", nil, "`NAME[.NAMESPACE]` of a service; may be given several times")
	completeService(cmd, cluster)
	listen := flags.String("listen", exportAddress, "`address` to serve at; one that is not loopback is open to whoever reaches it")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		targets, err := exported(cmd, cluster, *services)
		if err = errors.Join(err, checkCluster(cluster), checkListen(*listen)); err != nil {
			return commandline.Wrong(cmd, err)
		}
		if len(*services) == 0 {
			if err := findStack(cmd, cluster); err != nil {
				return err
			}
			targets = []target.Target{mesh.Target(*cluster.Namespace)}
		}
		all, err := openCallers(cluster)
		if err != nil {
			return err
		}
		ctx := cmd.Context()
		var collectors []export.Collector
		for _, t := range targets {
			session, err := callers.Start(ctx, all, callers.Scope{Target: t}, lookEvery)
			if err != nil {
				return err
			}
			go func() {
				for range session.Events() { // nobody asks for them
				}
			}()
			collectors = append(collectors, export.Collector{Matrix: session.Matrix})
		}
		pages, err := export.Handler(collectors...)
		if err != nil {
			return err
		}
		listener, err := network.Listen(ctx, *listen)
		if err != nil {
			return hint.With(fmt.Errorf("serving the metrics: %w", err), "choose another address with --listen")
		}
		fmt.Fprintf(c.stdout, "http://%s%s\n", listener.Addr(), export.Path)
		return export.Serve(ctx, listener, pages)
	}
	return cmd
}

// exported are the services that are asked for, the stack's own where none is.
func exported(cmd *cobra.Command, cluster *genericclioptions.ConfigFlags, services []string) ([]target.Target, error) {
	if len(services) == 0 {
		return []target.Target{mesh.Target(*cluster.Namespace)}, nil
	}
	namespace := namespaceOf(cmd, cluster)
	var targets []target.Target
	var errs []error
	seen := map[target.Target]bool{}
	for _, text := range services {
		t, err := target.Parse(text, namespace)
		if err != nil {
			errs = append(errs, fmt.Errorf("--service %w", err))
		} else if seen[t] {
			errs = append(errs, fmt.Errorf("--service %q: is given twice", text))
		}
		seen[t] = true
		targets = append(targets, t)
	}
	return targets, errors.Join(errs...)
}

// checkListen refuses what is no numeric address with a port.
func checkListen(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = netip.ParseAddr(host)
	}
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("--listen %s: must be an IP with a port, such as %s", address, exportAddress)
	}
	return nil
}
