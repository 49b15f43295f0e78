package main

import (
	"errors"
	"fmt"
	"time"

	"istio-circuit-breaker/internal/commandline"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/kube"
	"istio-circuit-breaker/internal/watch"

	"github.com/spf13/cobra"
)

func watchCommand(c *call) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "show the breaker live, under a load or only looking",
		Long: `Sends requests from inside of the mesh and shows each pod as the client's
sidecar sees it: in rotation, ejected, or going. On a terminal it draws the pods,
the recent answers and the log anew as they change, in colour unless NO_COLOR is
set; on a pipe it prints one line an event. It ends with Ctrl-C or after
--duration.

With --web it shows the run as a page on this machine's loopback, with switches
for the load, and prints the page's URL as its first line.

With --service it looks at any service, with no stack in the cluster: each caller's
Envoy is read, sidecars and gateways alike, and the table says who has ejected whom,
since when, until when and how often. It sends nothing and changes nothing. Callers
that cannot be read are named with the reason.`,
		Example: c.Shown + " watch --rate 5 --duration 1m --record run.jsonl\n" + c.Shown + " watch --web\n" + c.Shown + " watch --service reviews.shop --from cart --json",
		Args:    commandline.TakesNone,
	}
	flags := cmd.Flags()
	cluster, load := clusterFlags(cmd), loadFlags(cmd, 5)
	duration := flags.Duration("duration", 0, "`time` to watch; 0 is until Ctrl-C")
	noLoad := flags.Bool("no-load", false, "only look, send nothing")
	asJSON := flags.Bool("json", false, "print every entry as one line of JSON")
	record := flags.String("record", "", "write the run as JSON lines to `file`")
	page := c.webFlags(cmd)
	service := newServiceFlags(cmd)
	completeService(cmd, cluster)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		err := errors.Join(checkLoad(load), checkCluster(cluster), page.check(*asJSON))
		if *duration < 0 {
			err = errors.Join(err, fmt.Errorf("--duration %s: must be 0 or more", *duration))
		}
		scope, bad := service.scope(cmd, cluster)
		if err = errors.Join(err, bad, service.refuse(cmd, "rate", "concurrency", "timeout", "no-load", "record")); err != nil {
			return commandline.Wrong(cmd, err)
		}
		if service.asked() {
			all, err := openCallers(cluster)
			if err != nil {
				return err
			}
			ctx, stop := limited(cmd.Context(), *duration)
			defer stop()
			return c.watchService(ctx, all, scope, *asJSON, page)
		}
		flags := *load
		if *noLoad {
			*load = mesh.Load{}
		}
		if err := findStack(cmd, cluster); err != nil {
			return err
		}
		m, err := kube.Open(cluster)
		if err != nil {
			return err
		}
		ctx, stop := limited(cmd.Context(), *duration)
		defer stop()
		session, err := watch.Start(ctx, m, watch.Options{Command: "watch", Load: *load})
		if err != nil {
			return err
		}
		recording, err := newRecording(*record)
		if err != nil {
			return err
		}
		defer recording.Close()
		if err := page.openLive(ctx, flags, !*noLoad, session.SetLoad); err != nil {
			return err
		}
		defer page.Close()
		view := newView(c, c.stdout, *asJSON, 1)
		defer view.Close()
		for e := range session.Entries() {
			page.Show(e, time.Now())
			if err := errors.Join(recording.Write(e), view.Show(e, time.Now())); err != nil {
				return err
			}
		}
		return errors.Join(view.Close(), page.Close(), recording.Close())
	}
	return cmd
}
