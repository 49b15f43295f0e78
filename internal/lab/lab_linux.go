package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/lab/images"
	"istio-circuit-breaker/internal/lab/node"
	"istio-circuit-breaker/internal/lab/parts"
	"istio-circuit-breaker/internal/lab/sandbox"
	"istio-circuit-breaker/internal/runner"
)

// Lab is the one lab of a machine's user.
type Lab struct {
	Layout
	Runner   runner.Runner
	Progress *Progress

	log     io.WriteCloser // of the step that runs
	box     sandbox.Sandbox
	folders map[string]string // of built parts, by name
}

// step is one part of bringing the lab up.
type step struct {
	name string
	run  func(*Lab, context.Context) error
}

var upSteps = []step{
	{"checking this machine", (*Lab).checkMachine},
	{"installing Debian packages", (*Lab).installDebian},
	{"fetching Envoy", (*Lab).fetchEnvoy},
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
	{"waiting for DNS", (*Lab).waitForDNS},
	{"preparing the Pulumi stack", (*Lab).prepareStack},
}

// Up brings the lab up. What is up already stays as it is.
func (l *Lab) Up(ctx context.Context) error {
	release, err := l.lock(ctx, "up")
	if err != nil {
		return err
	}
	defer release()
	if err := l.openState(); err != nil {
		return err
	}
	for _, s := range upSteps {
		if err := l.runStep(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (l *Lab) lock(ctx context.Context, command string) (func(), error) {
	l.Progress.Begin("taking the lab's lock")
	release, err := acquire(ctx, l.Layout.lock(), command, l.Progress.Note)
	l.Progress.End(err)
	return release, err
}

// openState makes the state folder of a lab that does not run, and empties one
// that a crash or a reboot left: etcd, the pods and the Pulumi state belong
// together and are gone together.
func (l *Lab) openState() error {
	box, err := sandbox.Load(l.supervisor())
	if err != nil || !box.Alive() {
		if err := l.wipe(); err != nil {
			return err
		}
	} else {
		l.box = box
	}
	l.folders = map[string]string{}
	for _, dir := range []string{l.logs(), l.bin()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("making the state folder: %w", err)
		}
	}
	return nil
}

// runStep runs s with its progress line and log file. An error carries the
// last output of the command that failed.
func (l *Lab) runStep(ctx context.Context, s step) error {
	file := l.Layout.log("up")
	log, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("opening the log: %w", err)
	}
	defer log.Close()
	fmt.Fprintf(log, "\n== %s: %s\n", time.Now().Format(time.RFC3339), s.name)
	l.log = log
	l.Progress.Begin(s.name)
	err = s.run(l, ctx)
	took := l.Progress.End(err)
	fmt.Fprintf(log, "== took %s\n", took.Round(time.Millisecond))
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %w", s.name, err)
	if failed, ok := errors.AsType[*runner.Error](err); ok && failed.Output != "" {
		err = &stepError{err, failed.Output}
	}
	if hint.Of(err) == "" {
		err = hint.With(err, "read the whole log in "+file)
	}
	return err
}

// stepError adds the failed command's last output below the message.
type stepError struct {
	err    error
	output string
}

func (e *stepError) Error() string {
	return e.err.Error() + "\nits last output:\n  " + strings.ReplaceAll(e.output, "\n", "\n  ")
}
func (e *stepError) Unwrap() error { return e.err }

func (l *Lab) builder() parts.Builder {
	return parts.Builder{Source: l.Source, Cache: l.Layout.parts(), Runner: l.Runner, Note: l.Progress.Note, Log: l.log}
}

func (l *Lab) installDebian(ctx context.Context) error { return l.builder().Debian(ctx) }

func (l *Lab) fetchEnvoy(ctx context.Context) error {
	folder, err := l.builder().Envoy(ctx)
	l.folders["envoy"] = folder
	return err
}

// build is the step that makes the named part and links its commands.
func build(part string) func(*Lab, context.Context) error {
	return func(l *Lab, ctx context.Context) error {
		folder, err := l.builder().Go(ctx, part)
		if err != nil {
			return err
		}
		l.folders[part] = folder
		return parts.Link(part, folder, l.bin())
	}
}

// compileProgram compiles what is run inside the lab, where there is no way
// out to fetch modules; with it the first `pulumi up` only has to link.
func (l *Lab) compileProgram(ctx context.Context) error {
	for _, dir := range []string{"./infra", "./observe"} {
		l.Progress.Note(dir)
		c := runner.Command{Args: []string{"go", "build", "-o", os.DevNull, dir}, Dir: l.Source, Log: l.log}
		if _, err := l.Runner.Run(ctx, c); err != nil {
			return fmt.Errorf("compiling %q: %w", dir, err)
		}
	}
	return nil
}

func (l *Lab) nodePaths() node.Paths {
	return node.Paths{
		PKI: filepath.Dir(l.pki("x")), Etc: filepath.Dir(l.etc("x")), Logs: l.logs(), VarLib: l.varLib(),
		Bin: l.bin(), RegistryData: l.registry(), DockerData: l.docker(),
		DockerSocket: l.dockerSocket(), ContainerdSocket: l.containerdSocket(),
		Kubeconfig: l.Kubeconfig(), PauseImage: l.reference("pause"),
	}
}

func (l *Lab) engine() images.Engine {
	return images.Engine{Runner: l.Runner, Enter: l.box.Enter, Socket: l.dockerSocket(), Storage: l.registry(), Log: l.log}
}
