package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/lab/node"
	"istio-circuit-breaker/internal/lab/sandbox"
	"istio-circuit-breaker/internal/wait"
)

func (l *Lab) waitForAPI(ctx context.Context) error {
	return l.until(ctx, "the API server", []string{"etcd", "kube-apiserver"}, func(ctx context.Context) error {
		_, err := l.kubectl(ctx, "get", "--raw", "/readyz")
		return err
	})
}

// waitForNode waits for all nodes but those that were killed.
func (l *Lab) waitForNode(ctx context.Context) error {
	if err := l.until(ctx, "the node to be Ready", []string{"containerd", "kubelet"}, l.ready(node.Name)); err != nil {
		return err
	}
	for _, m := range l.Shape.Members()[1:] {
		if exists(l.nodeFile(m.Name, "off")) {
			continue
		}
		if err := l.waitForMember(ctx, m.Name); err != nil {
			return err
		}
	}
	return nil
}

// ready says whether a node is, as its kubelet has told the API server since the lab
// has gone on: what it said before is there, too.
func (l *Lab) ready(name string) func(context.Context) error {
	return func(ctx context.Context) error {
		out, err := l.kubectl(ctx, "get", "node", name, "-o", `jsonpath={.status.conditions[?(@.type=="Ready")]}`)
		if err != nil {
			return err
		}
		var condition struct {
			Status string    `json:"status"`
			Told   time.Time `json:"lastHeartbeatTime"` // whole seconds
		}
		if json.Unmarshal([]byte(out), &condition) != nil || condition.Status != "True" {
			return fmt.Errorf("its condition is %s", out)
		}
		if condition.Told.Before(l.resumed.Truncate(time.Second)) {
			return fmt.Errorf("its kubelet has said nothing yet, its condition of before is %s", out)
		}
		return nil
	}
}

// waitForMember waits for a further node. That its kubelet answers is asked too:
// the API server takes a node that was killed for Ready as long as the time is
// not over in which it may be silent.
func (l *Lab) waitForMember(ctx context.Context, name string) error {
	by := []string{name, name + " containerd", name + " kubelet"}
	return l.until(ctx, "node "+name+" to be Ready", by, func(ctx context.Context) error {
		if _, err := l.kubectl(ctx, "get", "--raw", "/api/v1/nodes/"+name+"/proxy/healthz"); err != nil {
			return err
		}
		return l.ready(name)(ctx)
	})
}

// waitForServices waits until an address of a service leads somewhere, by which all
// that kube-proxy needs of the kernel is there.
func (l *Lab) waitForServices(ctx context.Context) error {
	return l.until(ctx, "services", []string{"kube-proxy"}, l.answers(service))
}

// waitForDNS: without it no sidecar finds istiod, and nothing says why.
func (l *Lab) waitForDNS(ctx context.Context) error {
	return l.until(ctx, "CoreDNS", []string{"coredns"}, l.answers(node.Address+":53"))
}

// service is the one service that each cluster has, the API server's.
const service = node.FirstService + ":443"

// answers says whether there is somebody at an address of the lab's network.
func (l *Lab) answers(address string) func(context.Context) error {
	return func(context.Context) error {
		conn, err := l.box.Dial(address, time.Second)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

// until waits for a state of the node that the daemons by bring about, and fails
// at once when the supervisor has ended, which nothing mends, and soon when one
// of those daemons ends again and again: the first of them, which the others need;
// or when they cannot write any more.
func (l *Lab) until(ctx context.Context, what string, by []string, check func(context.Context) error) error {
	var ended error
	err := wait.For(ctx, what, 2*time.Minute, 200*time.Millisecond, func(ctx context.Context) error {
		if !l.box.Alive() {
			ended = l.supervisorEnded()
			return nil
		}
		err := check(ctx)
		if err != nil {
			if ended = l.failed(by); ended == nil && l.lacking(l.each(noneLeft)) != nil {
				ended = fmt.Errorf("%s: %w", what, unix.ENOSPC) // which nobody can write down
			}
			if ended != nil {
				return nil
			}
		}
		return err
	})
	if ended != nil {
		return ended
	}
	var logs []string
	for _, name := range by {
		logs = append(logs, l.Layout.log(strings.Replace(name, " ", "/", 1)))
	}
	return hint.With(err, l.goneOn("read the logs in "+strings.Join(logs, ", ")))
}

// failed says which of the daemons ends again and again, and what it said last.
func (l *Lab) failed(by []string) error {
	all, err := l.failingDaemons()
	if err != nil {
		return nil // the wait goes on, and has a limit
	}
	for _, name := range by {
		for _, f := range all {
			if f.Name == name {
				err := fmt.Errorf("%s ends again and again, %d times by now, the last time with %q", f.Name, f.Ends, f.Exit)
				if said := sandbox.LastLines(f.Log, 10); said != "" {
					err = &stepError{err, said}
				}
				return hint.With(err, l.goneOn("read the whole log in "+f.Log))
			}
		}
	}
	return nil
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
