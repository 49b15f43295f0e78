package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/lab/node"
	"istio-circuit-breaker/internal/lab/sandbox"
	"istio-circuit-breaker/internal/wait"
)

// nodeFile is a file of a further node's.
func (l Layout) nodeFile(name, file string) string {
	return filepath.Join(l.State, "nodes", name, file)
}

func (l Layout) shape() string { return filepath.Join(l.State, "shape.json") }

// keepShape takes the shape of the lab that runs where none is asked for, so
// that `lab up` alone never takes nodes away.
func (l *Lab) keepShape() error {
	if l.Shape.Nodes > 0 {
		return nil
	}
	content, err := os.ReadFile(l.shape())
	if errors.Is(err, os.ErrNotExist) {
		l.Shape = node.Shape{Nodes: 1}
		return nil
	}
	if err == nil {
		err = json.Unmarshal(content, &l.Shape)
	}
	if err != nil {
		return fmt.Errorf("reading how many nodes there are: %w", err)
	}
	return nil
}

func (l *Lab) writeShape() error {
	content, err := json.Marshal(l.Shape)
	if err == nil {
		err = os.WriteFile(l.shape(), content, 0o600)
	}
	if err != nil {
		return fmt.Errorf("keeping how many nodes there are: %w", err)
	}
	return nil
}

// plan is how the sandbox of a further node is run.
func (l *Lab) plan(n node.Node) sandbox.Plan {
	return sandbox.Plan{
		Network: n.Network,
		Binds:   map[string]string{varLib: l.nodePaths().Data(n.Name)},
		Tmpfs:   emptied,
		Masks:   l.nodeFile(n.Name, "masks"),
		Daemons: n.Daemons,
		Failing: l.nodeFile(n.Name, "failing.json"),
	}
}

// supervisorOf is the daemon that is a further node.
func (l *Lab) supervisorOf(n node.Node, binary string) sandbox.Daemon {
	return sandbox.Daemon{
		Name: n.Name, Args: append([]string{binary}, l.nodeArgs(n.Name)...), Log: l.Layout.log(n.Name),
		Within: n.Joint(), Off: l.nodeFile(n.Name, "off"),
	}
}

func (l *Lab) nodeArgs(name string) []string {
	return []string{SuperviseCommand, l.nodeFile(name, "daemons.json")}
}

// writeNode writes the plan of a further node, and makes what it stands on.
func (l *Lab) writeNode(n node.Node) error {
	plan := l.plan(n)
	content, err := json.MarshalIndent(plan, "", "  ")
	if err == nil {
		err = os.MkdirAll(plan.Masks, 0o755)
	}
	if err == nil {
		err = os.WriteFile(l.nodeFile(n.Name, "daemons.json"), content, 0o600)
	}
	if err != nil {
		return fmt.Errorf("writing the plan of node %q: %w", n.Name, err)
	}
	return l.host.createCgroup(filepath.Join(l.cgroup(), n.Name))
}

// KillNode takes a further node away as a loss of power does: all of its
// processes are killed, those of its pods too, and its network is gone.
func (l *Lab) KillNode(ctx context.Context, name string) error {
	release, err := l.changeNode(ctx, "node kill", name)
	if err != nil {
		return err
	}
	defer release()
	running, err := l.host.find("", l.nodeArgs(name))
	if err != nil {
		return fmt.Errorf("killing node %q: %w", name, err)
	}
	if err := os.WriteFile(l.nodeFile(name, "off"), nil, 0o600); err != nil {
		return fmt.Errorf("killing node %q: %w", name, err)
	}
	return l.step("killing node "+name, func() error {
		if err := l.box.Reload(); err != nil {
			return err
		}
		return wait.For(ctx, "the processes of node "+name+" to end", 30*time.Second, 50*time.Millisecond, func(context.Context) error {
			// A first process that is ending is not found any more; it lives until all
			// others have ended.
			found, err := l.host.find("", l.nodeArgs(name))
			for _, b := range append(running, found...) {
				if b.Alive() {
					return fmt.Errorf("process %d is still there", b.Process())
				}
			}
			return err
		})
	})
}

// StartNode starts a node again that was killed, and waits until it is Ready and
// its kubelet answers the API server.
func (l *Lab) StartNode(ctx context.Context, name string) error {
	release, err := l.changeNode(ctx, "node start", name)
	if err != nil {
		return err
	}
	defer release()
	if err := os.Remove(l.nodeFile(name, "off")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("starting node %q: %w", name, err)
	}
	return l.step("starting node "+name, func() error {
		if err := l.box.Reload(); err != nil {
			return err
		}
		return l.waitForMember(ctx, name)
	})
}

// step shows what a command of one step does.
func (l *Lab) step(name string, run func() error) error {
	l.Progress.Begin(name)
	err := run()
	l.Progress.End(err)
	return err
}

// changeNode takes the lock for a change of a further node of the lab that runs.
// Where there is none, not even the lock's file is made.
func (l *Lab) changeNode(ctx context.Context, command, name string) (func(), error) {
	if err := l.furtherNode(name); err != nil {
		return nil, err
	}
	release, err := l.lock(ctx, command)
	if err != nil {
		return nil, err
	}
	if err := l.furtherNode(name); err != nil { // somebody else had the lock
		release()
		return nil, err
	}
	return release, nil
}

// furtherNode says why name is none.
func (l *Lab) furtherNode(name string) error {
	if err := l.find(); err != nil {
		return err
	}
	if l.box == nil {
		return errNotRunning
	}
	if err := l.keepShape(); err != nil {
		return err
	}
	var names []string
	for _, m := range l.Shape.Members()[1:] {
		names = append(names, m.Name)
	}
	switch {
	case slices.Contains(names, name):
		return nil
	case name == node.Name:
		return hint.With(fmt.Errorf("node %q holds the control plane: without it there is no lab", name), "`go run ./lab down` ends all of it")
	case len(names) == 0:
		return hint.With(fmt.Errorf("there is no node %q: the lab has one node, %q", name, node.Name), "bring it up with more, `go run ./lab up --nodes 3`")
	}
	return hint.With(fmt.Errorf("there is no node %q", name), "those that can be killed and started are "+strings.Join(names, ", "))
}

// failingDaemons lists the daemons that end again and again, on all nodes; those
// of further ones with the node's name before their own.
func (l *Lab) failingDaemons() ([]sandbox.Failing, error) {
	all, err := sandbox.ReadFailing(l.failing())
	problems := []error{err}
	for _, m := range l.Shape.Members()[1:] {
		more, err := sandbox.ReadFailing(l.nodeFile(m.Name, "failing.json"))
		for _, f := range more {
			f.Name = m.Name + " " + f.Name
			all = append(all, f)
		}
		problems = append(problems, err)
	}
	return all, errors.Join(problems...)
}
