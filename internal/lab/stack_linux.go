package lab

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/lab/node"
	"istio-circuit-breaker/internal/lab/sandbox"
	"istio-circuit-breaker/internal/runner"
)

// StackName is the Pulumi stack of the lab. It is selected in the lab's own
// Pulumi home, so that plain `pulumi up` inside of the lab means this stack and
// outside of it never does.
const StackName = "lab"

func (l *Lab) stackFile() string { return filepath.Join(l.Source, "Pulumi."+StackName+".yaml") }

// stackFiles are the settings files of the lab's stack: this clone's, and those
// of the clones that the lab was brought up from.
func (l *Lab) stackFiles() []string {
	files := []string{l.stackFile()}
	content, err := os.ReadFile(l.stacks())
	if err != nil {
		return files
	}
	for _, file := range strings.Split(string(content), "\n") {
		// Whatever that file holds, nothing else is removed by it.
		if filepath.IsAbs(file) && filepath.Base(file) == filepath.Base(l.stackFile()) && !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	return files
}

// noteStack remembers this clone's file for a `lab down` from another clone.
func (l *Lab) noteStack() error {
	others := l.stackFiles()
	if err := sandbox.WriteFile(l.stacks(), []byte(strings.Join(others, "\n")+"\n"), 0o600); err != nil {
		return fmt.Errorf("remembering the stack's settings file: %w", err)
	}
	return nil
}

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
	if err := errors.Join(l.noLogs(), l.noteStack(), l.writeCharts(ctx)); err != nil {
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

func (l Layout) pulumiHome() string { return filepath.Join(l.State, "pulumi-home") }

// noLogs keeps Pulumi from writing down every run in full detail, compressed and
// encrypted, which takes it 1.2 s of the 2.9 s of a run that changes nothing, and
// 500 MB until it removes the oldest. It has no setting for that, and goes on
// without a log where the folder for them cannot be made: so a file is there, which
// says why.
func (l *Lab) noLogs() error {
	path := filepath.Join(l.pulumiHome(), "logs")
	if exists(path) {
		return nil
	}
	err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), sandbox.WriteFile(path, []byte(logsFile), 0o644))
	if err != nil {
		return fmt.Errorf("keeping Pulumi from writing logs: %w", err)
	}
	return nil
}

const logsFile = `Pulumi would keep a log of every run here, which takes two fifths of the time of a run.
As long as this is a file, and no folder, it keeps none.
`

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
