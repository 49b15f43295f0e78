package lab

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/lab/node"
	"istio-circuit-breaker/internal/lab/parts"
	"istio-circuit-breaker/internal/runner"
)

// The subcommands that the lab calls itself by, in namespaces of their own:
// the sandbox's first process, and a try of what the kernel can do. The
// argument of the first is the plan's file, that of the second a folder.
const (
	SuperviseCommand = "supervise"
	ProbeCommand     = "probe"
)

// Lab is the one lab of a machine's user.
type Lab struct {
	Layout
	Machine  parts.Machine
	Runner   runner.Runner
	Progress *Progress
	// Shape is how many nodes Up makes; the zero Shape is those of the lab that
	// runs, one where none runs.
	Shape node.Shape

	host    host
	log     io.Writer         // of the step that runs
	box     box               // nil where none runs
	folders map[string]string // of built parts, by name
	work    *parts.Work       // to be compiled
	resumed time.Time         // when Up began to go on with a lab that had ended; zero where it did not
}

// startsIn is how long the steps after the last that compiles take at the first
// start, when the images are made.
const startsIn = 40 * time.Second

// New returns the lab of this machine, running or not.
func New(layout Layout, machine parts.Machine, run runner.Runner, progress *Progress) *Lab {
	return &Lab{
		Layout: layout, Machine: machine, Runner: run, Progress: progress,
		host: kernel{}, log: io.Discard, folders: map[string]string{}, work: &parts.Work{After: startsIn},
	}
}

var upSteps = []step{
	{"checking this machine", (*Lab).checkMachine},
	{"installing Debian packages", (*Lab).installDebian},
	{"fetching Envoy", (*Lab).fetchEnvoy},
	{"fetching modules", (*Lab).fetchModules},
	{"building Kubernetes, CoreDNS, Istio and Pulumi", build("cluster")},
	{"building Istio's sidecar agent", build("agent")},
	{"building Pulumi's Kubernetes provider", build("provider")},
	{"building the Docker provider", build("docker")},
	{"building Pulumi's Go language host", build("languagehost")},
	{"building the sandbox process", build("pause")},
	{"compiling the Pulumi program and the observer", (*Lab).compileProgram},
	{"starting the node", (*Lab).startNode},
	{"waiting for the API server", (*Lab).waitForAPI},
	{"importing the images", (*Lab).importImages},
	{"waiting for the node to be Ready", (*Lab).waitForNode},
	{"waiting for services", (*Lab).waitForServices},
	{"waiting for DNS", (*Lab).waitForDNS},
	{"preparing the Pulumi stack", (*Lab).prepareStack},
}

// Up brings the lab up. What is up already stays as it is, unless it is made of
// other parts than those that it would be made of now.
func (l *Lab) Up(ctx context.Context) error {
	if err := insideOfALab(); err != nil {
		return hint.With(fmt.Errorf("bringing the lab up: %w", err), "leave that shell with `exit`, and run `go run ./lab up` outside of the lab")
	}
	if err := unset(elsewhere); err != nil {
		return err
	}
	release, err := l.lock(ctx, "up")
	if err != nil {
		return l.roomy(ctx, err)
	}
	defer release()
	if err := l.openState(ctx); err != nil {
		return l.roomy(ctx, err)
	}
	if err := l.keepShape(); err != nil {
		return err
	}
	for i, s := range upSteps {
		if err := l.runStep(ctx, fmt.Sprintf("[%2d/%d] ", i+1, len(upSteps)), s); err != nil {
			return err
		}
	}
	return l.builder().Prune()
}

func (l *Lab) lock(ctx context.Context, command string) (func(), error) {
	l.Progress.Begin("taking the lab's lock")
	release, err := acquire(ctx, l.Layout.lock(), command, l.Progress.Note)
	l.Progress.End(err)
	return release, err
}

// find looks for the running lab and remembers it.
func (l *Lab) find() error {
	found, err := l.host.find(l.supervisor(), l.superviseArgs())
	if err != nil {
		return err
	}
	if l.box = nil; len(found) > 0 {
		l.box = found[0]
	}
	return nil
}

func (l *Lab) superviseArgs() []string { return []string{SuperviseCommand, l.daemons()} }

// makeState makes the state folder, which is its user's alone: it holds keys,
// logs, and the Docker engine's socket, by which anybody could become root.
func (l *Lab) makeState() error {
	for _, dir := range []string{l.State, l.logs(), l.bin()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("making the state folder: %w", err)
		}
		if err := os.Chmod(dir, 0o700); err != nil { // one of an older version
			return fmt.Errorf("making the state folder: %w", err)
		}
	}
	return nil
}
