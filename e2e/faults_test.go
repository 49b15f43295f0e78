//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"istio-circuit-breaker/internal/wait"
)

// TestFaults ends parts of the lab by force while the stack is up and called; and
// in labs of their own, has what they need go away. Only `make faults` runs it;
// with FAULTS=own, only the latter, and the lab that runs is not touched.
func TestFaults(t *testing.T) {
	switch os.Getenv("FAULTS") {
	case "":
		t.Skip("a campaign of its own: make faults")
	case "own":
	default:
		t.Run("each daemon killed while a service is called", daemonsKilled)
		t.Run("the supervisor killed", supervisorKilled)
	}
	t.Run("up killed in each of its steps", upKilled)
	t.Run("a daemon ended for want of memory", daemonOutOfMemory)
	t.Run("the disk of the state full", stateDiskFull)
	t.Run("the disk of the cache full", cacheDiskFull)
}

// daemonsKilled: the lab starts each again, the breaker goes on ejecting, and no
// pod has ended for it.
func daemonsKilled(t *testing.T) {
	pulumiUp(t)
	before := podsBy(t, byRestarts)
	changeRule(t, map[string]any{"consecutiveGatewayErrors": 3, "baseEjectionTime": "2s", "interval": "1s"})
	defer restoreRule(t)
	w := watch(t, "--rate", "20")
	w.until(t, "an ejection", time.Minute, func() bool { return len(w.events("ejected", faulty)) > 0 })
	all := daemons(t)
	for _, name := range []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "containerd", "dockerd", "docker-registry", "coredns"} {
		if all[name] == 0 {
			t.Fatalf("the lab's daemons are %v, without %q", all, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		took := healed(t, name, killDaemon(t, name)) // one may have taken another with it: looked up each time
		seen := len(w.events("ejected", faulty))
		w.until(t, "an ejection after "+name+" was killed", time.Minute, func() bool { return len(w.events("ejected", faulty)) > seen })
		t.Logf("%-24s works again after %s", name, took.Round(100*time.Millisecond))
	}
	if after := podsBy(t, byRestarts); after != before {
		t.Errorf("pods and restarts: got\n%s\nwant\n%s", after, before)
	}
}

// healed waits until a daemon is another process and all of the lab works, and
// tells how long that took.
func healed(t *testing.T, name string, was int) time.Duration {
	t.Helper()
	began := time.Now()
	err := wait.For(t.Context(), "the lab to work without the "+name+" that was killed", 90*time.Second, 250*time.Millisecond, func(context.Context) error {
		if now := daemons(t)[name]; now == 0 || now == was {
			return errors.New("it was not started again")
		}
		if out, err := exec.Command(labCommand, "status").CombinedOutput(); err != nil {
			return fmt.Errorf("lab status: %w\n%s", err, out)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return time.Since(began)
}

// Columns of pods: another pod of the same name has another id.
const (
	byID       = "N:.metadata.name,U:.metadata.uid"
	byRestarts = byID + ",R:.status.containerStatuses[*].restartCount,I:.status.initContainerStatuses[*].restartCount"
)

// podsBy lists all pods with some of their fields.
func podsBy(t *testing.T, columns string) string {
	t.Helper()
	return kubectl(t, "get", "pods", "-A", "--sort-by=.metadata.uid", "--no-headers", "-o", "custom-columns="+columns)
}

// supervisorKilled: with the first process of the sandbox all of it ends, as a machine
// does that loses power; `lab up`, even at once, goes on with the same cluster, the same
// pods and Pulumi's state, and the breaker does again what its rule says.
func supervisorKilled(t *testing.T) {
	pulumiUp(t)
	before := podsBy(t, byID)
	if err := syscall.Kill(labStatus(t).PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	out, _, err := labWith(nil, "up")
	if err != nil {
		t.Fatalf("lab up: %v\n%s", err, out)
	}
	t.Logf("up again after %s", time.Since(began).Round(100*time.Millisecond))
	kubectl(t, "wait", "pods", "--all", "--all-namespaces", "--for=condition=Ready", "--timeout=2m")
	t.Logf("all pods ready after %s", time.Since(began).Round(100*time.Millisecond))
	if after := podsBy(t, byID); after != before {
		t.Errorf("pods: got\n%s\nwant those of before\n%s", after, before)
	}
	pulumiUp(t)
	if got := changes(t); got["same"] == 0 || len(got) > 1 {
		t.Errorf("changes: got %v, want none", got)
	}
	proves(t, 10, "--phases", "trip")
}

// upKilled: killed in a step, each time on what the kill before has left, `lab up`
// ends well all the same, and `lab down` leaves nothing.
func upKilled(t *testing.T) {
	_, env := secondLab(t)
	for step := 1; ; step++ {
		last, killed := killUp(t, env, step)
		if !killed {
			t.Logf("killed in each of %d steps", last-1)
			break
		}
	}
	works(t, env)
	downLeavesNothing(t, env)
}

// works: all of a lab answers.
func works(t *testing.T, env []string) {
	t.Helper()
	if out, _, err := labWith(env, "status"); err != nil {
		t.Errorf("status: %v\n%s", err, out)
	}
}

func downLeavesNothing(t *testing.T, env []string) {
	t.Helper()
	if out, _, err := labWith(env, "down"); err != nil {
		t.Errorf("down: %v\n%s", err, out)
	}
	if out, _, _ := labWith(env, "status"); !strings.Contains(out, "left   nothing") {
		t.Errorf("after down: %s", out)
	}
}

// killUp runs `lab up` and kills it once it prints that a step has ended, so in
// the next one; of the last step it lets it end.
func killUp(t *testing.T, env []string, step int) (last int, killed bool) {
	t.Helper()
	out, err := upWatched(t, env, func(up *os.Process, done, of int, _ string) {
		if last = of; done == step && done < of {
			_ = up.Kill() // it may have ended by itself
			killed = true
		}
	})
	if err != nil && !killed {
		t.Fatalf("up after a kill in step %d: %v\n%s", step, err, out)
	}
	return last, killed
}

// upWatched runs `lab up` and calls ended for each step that has ended well.
func upWatched(t *testing.T, env []string, ended func(up *os.Process, done, of int, name string)) (string, error) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, labCommand, "up")
	cmd.Dir, cmd.Env = "..", append(os.Environ(), env...)
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = in, in
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	var printed strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		fmt.Fprintln(&printed, lines.Text())
		var done, of int
		_, counted, isStep := strings.Cut(lines.Text(), "[")
		if n, _ := fmt.Sscanf(counted, "%d/%d]", &done, &of); isStep && n == 2 && strings.HasPrefix(lines.Text(), "ok") {
			_, name, _ := strings.Cut(counted, "] ")
			ended(cmd.Process, done, of, name)
		}
	}
	return printed.String(), cmd.Wait()
}
