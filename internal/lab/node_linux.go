package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"istio-circuit-breaker/internal/lab/node"
	"istio-circuit-breaker/internal/lab/sandbox"
	"istio-circuit-breaker/internal/runner"
	"istio-circuit-breaker/internal/wait"
)

// startNode starts the sandbox with all of the node's daemons, unless it runs.
func (l *Lab) startNode(context.Context) error {
	if l.box != nil {
		l.Progress.Remark("it runs already")
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
	// A copy: what `go run` made goes away with this command.
	binary := filepath.Join(l.bin(), "lab")
	if err := copyExecutable("/proc/self/exe", binary); err != nil {
		return err
	}
	sockets, err := l.openSockets()
	if err != nil {
		return err
	}
	defer closeAll(sockets) // the supervisor has them
	plan, err := json.MarshalIndent(sandbox.Plan{
		Network: node.Network(),
		Binds:   map[string]string{"/var/lib": l.varLib()},
		Tmpfs:   []string{"/run", "/var/log"},
		Masks:   masks,
		Daemons: append(daemons, l.relay(binary)),
		Handed:  len(sockets),
	}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(l.daemons(), plan, 0o644); err != nil {
		return fmt.Errorf("writing the supervisor's plan: %w", err)
	}
	if err := l.host.createCgroup(l.cgroup()); err != nil {
		return err
	}
	l.box, err = l.host.start(l.supervisor(), binary, l.superviseArgs(), l.Layout.log("supervisor"), sockets)
	return err
}

func (l *Lab) nodePaths() node.Paths {
	return node.Paths{
		PKI: filepath.Dir(l.pki("x")), Etc: filepath.Dir(l.etc("x")), Logs: l.logs(), VarLib: l.varLib(),
		Bin: l.bin(), CNI: l.Machine.CNI(),
		Etcd: l.Machine.Look("etcd"), DockerRegistry: l.Machine.Look("docker-registry"),
		Containerd: l.Machine.Look("containerd"), Dockerd: l.Machine.Look("dockerd"),
		RegistryData: l.registry(), DockerData: l.docker(),
		DockerSocket: l.dockerSocket(), ContainerdSocket: l.containerdSocket(),
		Kubeconfig: l.Kubeconfig(), Cgroup: l.cgroup(), PauseImage: l.reference("pause"),
	}
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
	var ended error
	err := wait.For(ctx, what, 2*time.Minute, 200*time.Millisecond, func(ctx context.Context) error {
		if !l.box.Alive() {
			ended = l.supervisorEnded()
			return nil
		}
		return check(ctx)
	})
	return errors.Join(err, ended)
}

// supervisorEnded says so, with what it said last.
func (l *Lab) supervisorEnded() error {
	file := l.Layout.log("supervisor")
	content, err := os.ReadFile(file)
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	if last := lines[len(lines)-1]; err == nil && last != "" {
		return fmt.Errorf("the lab's supervisor has ended, see %q: %s", file, last)
	}
	return fmt.Errorf("the lab's supervisor has ended, see %q", file)
}

func (l *Lab) kubectl(ctx context.Context, args ...string) (string, error) {
	c := runner.Command{
		Args: l.box.Enter(append([]string{filepath.Join(l.bin(), "kubectl")}, args...)...),
		Env:  []string{"KUBECONFIG=" + l.Kubeconfig()}, Log: l.log,
	}
	return l.Runner.Run(ctx, c)
}
