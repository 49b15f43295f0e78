package lab

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"istio-circuit-breaker/internal/lab/images"
	"istio-circuit-breaker/internal/lab/node"
	"istio-circuit-breaker/internal/lab/sandbox"
	"istio-circuit-breaker/internal/runner"
)

// What the daemons write to in fixed places goes to the state folder, or nowhere.
const varLib = "/var/lib"

var emptied = []string{"/run", "/var/log"}

// startNode starts the sandbox with all of the node's daemons, unless it runs
// and is what would be started now. What is not does not fit together: a new
// chart with old images, flags of one version for daemons of another.
func (l *Lab) startNode(ctx context.Context) error {
	made, err := l.fingerprint()
	if err != nil {
		return err
	}
	if l.runs() && l.isMadeOf(made) {
		l.Progress.Remark("it runs already")
		return nil
	}
	if err := l.clear(ctx, made); err != nil {
		return err
	}
	lock, err := l.lockCache()
	if err != nil {
		return err
	}
	defer lock.Close() // the supervisor has it
	hold(lock, fmt.Sprintf("the lab in %q", l.State))
	if err := images.Repair(l.registry()); err != nil {
		return err
	}
	nodes, err := node.Write(l.nodePaths(), time.Now())
	if err != nil {
		return err
	}
	if err := os.MkdirAll(l.masks(), 0o755); err != nil {
		return err
	}
	// A copy: what `go run` made goes away with this command.
	binary := l.binary()
	if err := copyExecutable("/proc/self/exe", binary); err != nil {
		return err
	}
	sockets, err := l.openSockets()
	if err != nil {
		return err
	}
	defer closeAll(sockets) // likewise
	handed := append(sockets, lock)
	whole := l.firstPlan(nodes, binary)
	whole.Handed = len(handed)
	plan, err := json.MarshalIndent(whole, "", "  ")
	if err != nil {
		return err
	}
	if err := errors.Join(sandbox.WriteFile(l.daemons(), plan, 0o600), l.writeShape()); err != nil {
		return fmt.Errorf("writing the supervisor's plan: %w", err)
	}
	// The last of what a lab needs that is to go on after a crash.
	if err := sandbox.WriteFile(l.madeOf(), []byte(made), 0o600); err != nil {
		return fmt.Errorf("writing what the lab is made of: %w", err)
	}
	if err := l.host.createCgroup(l.cgroup()); err != nil {
		return err
	}
	for _, n := range nodes[1:] {
		if err := l.writeNode(n); err != nil {
			return err
		}
	}
	l.box, err = l.host.start(l.supervisor(), binary, l.superviseArgs(), l.Layout.log("supervisor"), handed)
	return err
}

func (l Layout) masks() string  { return filepath.Join(l.State, "masks") }
func (l Layout) binary() string { return filepath.Join(l.bin(), "lab") }

// firstPlan is how the sandbox of the first node is run, with those of the others
// in it.
func (l *Lab) firstPlan(nodes []node.Node, binary string) sandbox.Plan {
	daemons := append(nodes[0].Daemons, l.relay(binary))
	for _, n := range nodes[1:] {
		daemons = append(daemons, l.supervisorOf(n, binary))
	}
	return sandbox.Plan{
		Network: nodes[0].Network,
		Binds:   map[string]string{varLib: l.varLib()},
		Tmpfs:   emptied,
		Masks:   l.masks(),
		Daemons: daemons,
		Failing: l.failing(),
	}
}

// fingerprint tells apart what nodes are made of: parts, images and flags. The
// machine's commands count by the file that they are: /bin may be /usr/bin, and
// another shell have the other first on PATH.
func (l *Lab) fingerprint() (string, error) {
	paths := l.nodePaths()
	for _, command := range []*string{&paths.Etcd, &paths.DockerRegistry, &paths.Containerd, &paths.Dockerd} {
		if real, err := filepath.EvalSymlinks(*command); err == nil {
			*command = real
		}
	}
	described, err := paths.Describe()
	return fmt.Sprintf("%x\n", sha256.Sum256([]byte(described))), err
}

func (l *Lab) nodePaths() node.Paths {
	return node.Paths{
		PKI: filepath.Dir(l.pki("x")), Etc: filepath.Dir(l.etc("x")), Logs: l.logs(), VarLib: l.varLib(),
		Bin: l.bin(), CNI: l.Machine.CNI(),
		Etcd: l.Machine.Look("etcd"), DockerRegistry: l.Machine.Look("docker-registry"),
		Containerd: l.Machine.Look("containerd"), Dockerd: l.Machine.Look("dockerd"),
		RegistryData: l.registry(), DockerData: l.docker(),
		DockerSocket: l.dockerSocket(), ContainerdSocket: l.containerdSocket(),
		Kubeconfig: l.Kubeconfig(), Cgroup: l.cgroup(), PauseImage: l.reference("pause"), Arch: runtime.GOARCH, Shape: l.Shape,
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

func (l *Lab) kubectl(ctx context.Context, args ...string) (string, error) {
	c := runner.Command{
		Args: l.box.Enter(append([]string{filepath.Join(l.bin(), "kubectl")}, args...)...),
		Env:  l.kubectlEnvironment(), Log: l.log,
	}
	return l.Runner.Run(ctx, c)
}
