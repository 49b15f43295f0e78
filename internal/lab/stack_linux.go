package lab

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"istio-circuit-breaker/internal/lab/node"
	"istio-circuit-breaker/internal/runner"
)

// StackName is the Pulumi stack of the lab. It is selected in the lab's own
// Pulumi home, so that plain `pulumi up` inside of the lab means this stack and
// outside of it never does.
const StackName = "lab"

func (l *Lab) stackFile() string { return filepath.Join(l.Source, "Pulumi."+StackName+".yaml") }

// istioValues are what upstream Envoy needs to be told, beside the program's
// own: these filters exist in Istio's build of Envoy only. All that the circuit
// breaker is made of is in upstream Envoy.
const istioValues = `{"telemetry":{"enabled":false},"env":{"PILOT_ENABLE_METADATA_EXCHANGE":"false","PILOT_ENABLE_ALPN_FILTER":"false"}}`

// prepareStack makes the stack and points it at the lab's registry, charts and
// images. Other keys, such as a threshold that was set, stay as they are.
func (l *Lab) prepareStack(ctx context.Context) error {
	if err := os.MkdirAll(l.backend(), 0o755); err != nil {
		return fmt.Errorf("making the Pulumi backend's folder: %w", err)
	}
	if err := l.writeCharts(ctx); err != nil {
		return err
	}
	pulumi := func(args ...string) error {
		c := runner.Command{
			Args: append([]string{filepath.Join(l.bin(), "pulumi")}, args...),
			Dir:  l.Source, Env: l.environment(), Log: l.log,
		}
		_, err := l.Runner.Run(ctx, c)
		return err
	}
	if err := pulumi("stack", "select", "--create", StackName); err != nil {
		return err
	}
	pilot := l.reference("istio/pilot")
	set := []string{"config", "set-all", "--stack", StackName}
	settings := map[string]string{
		"image.repository":      node.Registry + "/servicex",
		"istio.chartRepository": l.charts(),
		"istio.hub":             filepath.Dir(pilot),
		"istio.tag":             pilot[len(node.Registry)+len("/istio/pilot:"):],
		"istio.values":          istioValues,
	}
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		set = append(set, "--plaintext", key+"="+settings[key])
	}
	return pulumi(set...)
}

func (l Layout) backend() string { return filepath.Join(l.State, "pulumi") }

// writeCharts writes Istio's charts, wholly or not at all.
func (l *Lab) writeCharts(ctx context.Context) error {
	if exists(l.charts()) {
		return nil
	}
	temp, err := os.MkdirTemp(l.State, "charts-")
	if err != nil {
		return fmt.Errorf("writing Istio's charts: %w", err)
	}
	args := []string{filepath.Join(l.folders["cluster"], "charts"), temp}
	if _, err := l.Runner.Run(ctx, runner.Command{Args: args, Log: l.log}); err != nil {
		return fmt.Errorf("writing Istio's charts: %w", err)
	}
	if err := os.Rename(temp, l.charts()); err != nil {
		return fmt.Errorf("writing Istio's charts: %w", err)
	}
	return nil
}

// mark is in the environment of every command that is run inside of the lab, so
// that `lab down` finds those that still run.
func (l Layout) mark() string { return "ISTIO_CIRCUIT_BREAKER_LAB=" + l.State }

// environment is what a command inside of the lab sees beside the user's own.
func (l Layout) environment() []string {
	return []string{
		l.mark(),
		"PATH=" + l.bin() + string(os.PathListSeparator) + os.Getenv("PATH"),
		"KUBECONFIG=" + l.Kubeconfig(),
		"DOCKER_HOST=unix://" + l.dockerSocket(),
		"PULUMI_HOME=" + filepath.Join(l.State, "pulumi-home"),
		// Beside each file of the state the backend writes one of attributes, not
		// atomically, and a state whose attributes are empty cannot be read: a run
		// that was killed meanwhile would be lost. Nobody reads them.
		"PULUMI_BACKEND_URL=file://" + l.backend() + "?metadata=skip",
		"PULUMI_CONFIG_PASSPHRASE=", // the lab's stack holds no secret
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
		"PULUMI_SKIP_UPDATE_CHECK=true",
		// There is no way out of the lab's network; what is needed was fetched.
		"GOPROXY=off",
	}
}
