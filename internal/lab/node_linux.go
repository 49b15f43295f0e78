package lab

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"istio-circuit-breaker/internal/lab/images"
	"istio-circuit-breaker/internal/lab/node"
	"istio-circuit-breaker/internal/lab/sandbox"
	"istio-circuit-breaker/internal/runner"
	"istio-circuit-breaker/internal/wait"
)

// SuperviseCommand is the subcommand of lab that the sandbox's first process is
// started with.
const SuperviseCommand = "supervise"

// startNode starts the sandbox with all of the node's daemons, unless it runs.
func (l *Lab) startNode(context.Context) error {
	if l.box.Alive() {
		return nil
	}
	daemons, err := node.Write(l.nodePaths(), time.Now())
	if err != nil {
		return err
	}
	masks := filepath.Join(l.State, "masks")
	if err := os.MkdirAll(masks, 0o755); err != nil {
		return err
	}
	plan, err := json.MarshalIndent(sandbox.Plan{
		Network: node.Network(),
		Binds:   map[string]string{"/var/lib": l.varLib()},
		Tmpfs:   []string{"/run", "/var/log"},
		Masks:   masks,
		Daemons: daemons,
	}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(l.daemons(), plan, 0o644); err != nil {
		return fmt.Errorf("writing the supervisor's plan: %w", err)
	}
	if err := sandbox.CreateCgroup(node.Cgroup); err != nil {
		return err
	}
	// A copy: what `go run` made goes away with this command.
	binary := filepath.Join(l.bin(), "lab")
	if err := copyExecutable("/proc/self/exe", binary); err != nil {
		return err
	}
	box, err := sandbox.Start(binary, []string{SuperviseCommand, l.daemons()}, l.Layout.log("supervisor"))
	if err != nil {
		return err
	}
	l.box = box
	return box.Save(l.supervisor())
}

func copyExecutable(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("copying this command: %w", err)
	}
	if err := os.WriteFile(to, data, 0o755); err != nil {
		return fmt.Errorf("copying this command: %w", err)
	}
	return nil
}

func (l *Lab) waitForAPI(ctx context.Context) error {
	return l.until(ctx, "the API server", func(ctx context.Context) error {
		_, err := l.kubectl(ctx, "get", "--raw", "/readyz")
		return err
	})
}

func (l *Lab) waitForNode(ctx context.Context) error {
	return l.until(ctx, "the node to be Ready", func(ctx context.Context) error {
		out, err := l.kubectl(ctx, "get", "node", node.Name, "-o", `jsonpath={.status.conditions[?(@.type=="Ready")]}`)
		if err == nil && !strings.Contains(out, `"status":"True"`) {
			err = fmt.Errorf("its condition is %s", out)
		}
		return err
	})
}

// waitForDNS: without it no sidecar finds istiod, and nothing says why.
func (l *Lab) waitForDNS(ctx context.Context) error {
	return l.until(ctx, "CoreDNS", func(context.Context) error {
		conn, err := l.box.Dial(node.Address+":53", time.Second)
		if err != nil {
			return fmt.Errorf("%w; see %q", err, l.Layout.log("coredns"))
		}
		return conn.Close()
	})
}

// until waits for a state of the node, and fails at once when the supervisor
// has ended, which nothing mends.
func (l *Lab) until(ctx context.Context, what string, check func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return wait.For(ctx, what, 2*time.Minute, 200*time.Millisecond, func(ctx context.Context) error {
		if !l.box.Alive() {
			cancel()
			return fmt.Errorf("the lab's supervisor has ended, see %q", l.Layout.log("supervisor"))
		}
		return check(ctx)
	})
}

func (l *Lab) kubectl(ctx context.Context, args ...string) (string, error) {
	c := runner.Command{
		Args: l.box.Enter(append([]string{filepath.Join(l.bin(), "kubectl")}, args...)...),
		Env:  []string{"KUBECONFIG=" + l.Kubeconfig()}, Log: l.log,
	}
	return l.Runner.Run(ctx, c)
}

// reference names a lab image; the tag is the content it was made from.
func (l *Lab) reference(name string) string {
	h := sha256.New()
	fmt.Fprintln(h, images.Recipe)
	for _, part := range []string{"cluster", "agent", "envoy", "pause"} {
		fmt.Fprintln(h, filepath.Base(l.folders[part]))
	}
	return fmt.Sprintf("%s/%s:%x", node.Registry, name, h.Sum(nil)[:6])
}

func (l *Lab) importImages(ctx context.Context) error {
	if err := l.until(ctx, "the Docker engine and the registry", func(context.Context) error {
		if conn, err := l.box.Dial("127.0.0.1:5000", time.Second); err != nil {
			return err
		} else {
			conn.Close()
		}
		conn, err := net.DialTimeout("unix", l.dockerSocket(), time.Second)
		if err == nil {
			conn.Close()
		}
		return err
	}); err != nil {
		return err
	}
	istio, err := l.builder().ModuleFolder(ctx, "istio.io/istio")
	if err != nil {
		return err
	}
	goRoot, err := l.Runner.Run(ctx, runner.Command{Args: []string{"go", "env", "GOROOT"}, Log: l.log})
	if err != nil {
		return err
	}
	f := images.Folders{
		Cluster: l.folders["cluster"], Agent: l.folders["agent"], Envoy: l.folders["envoy"], Pause: l.folders["pause"],
		Istio: istio, GoRoot: strings.TrimSpace(goRoot),
	}
	for _, i := range []images.Image{
		images.Pause(l.reference("pause"), f),
		images.Pilot(l.reference("istio/pilot"), f),
		images.Proxy(l.reference("istio/proxyv2"), f),
	} {
		l.Progress.Note(i.Reference)
		if err := l.engine().Push(ctx, i); err != nil {
			return err
		}
	}
	golang, err := l.builderImage()
	if err != nil {
		return err
	}
	l.Progress.Note(golang)
	key := runtime.Version() + "-" + images.Recipe
	if l.engine().Has(ctx, golang, images.Label, key) {
		return nil
	}
	return l.engine().Import(ctx, images.Golang(golang, key, f))
}

// from finds the image that ServiceX is built with in its Dockerfile, the one
// place where it is pinned.
var from = regexp.MustCompile(`(?m)^FROM (?:--platform=\S+ )?(golang:\S+)`)

func (l *Lab) builderImage() (string, error) {
	file := filepath.Join(l.Source, "servicex", "Dockerfile")
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("reading ServiceX' Dockerfile: %w", err)
	}
	m := from.FindSubmatch(content)
	if m == nil {
		return "", fmt.Errorf("reading ServiceX' Dockerfile: %q has no line FROM golang:...", file)
	}
	return string(m[1]), nil
}
