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
// `lab up` itself, in a lab of its own. Only `make faults` runs it.
func TestFaults(t *testing.T) {
	if os.Getenv("FAULTS") == "" {
		t.Skip("a campaign of its own: make faults")
	}
	pulumiUp(t)
	t.Run("each daemon killed while a service is called", daemonsKilled)
	t.Run("the supervisor killed", supervisorKilled)
	t.Run("up killed in each of its steps", upKilled)
}

// daemonsKilled: the lab starts each again, the breaker goes on ejecting, and no
// pod has ended for it.
func daemonsKilled(t *testing.T) {
	before := podsWithRestarts(t)
	changeRule(t, map[string]any{"consecutiveGatewayErrors": 3, "baseEjectionTime": "2s", "interval": "1s"})
	defer restoreRule(t)
	w := watch(t, "--rate", "20")
	w.until(t, "an ejection", time.Minute, func() bool { return len(w.events("ejected", faulty)) > 0 })
	all := daemons(t)
	if len(all) < 12 {
		t.Fatalf("the lab's daemons are %v, want a dozen", all)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		took := healed(t, name, killDaemon(t, name)) // one may have taken another with it: looked up each time
		seen := len(w.events("ejected", faulty))
		w.until(t, "an ejection after "+name+" was killed", time.Minute, func() bool { return len(w.events("ejected", faulty)) > seen })
		t.Logf("%-24s works again after %s", name, took.Round(100*time.Millisecond))
	}
	if after := podsWithRestarts(t); after != before {
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

func podsWithRestarts(t *testing.T) string {
	t.Helper()
	return kubectl(t, "get", "pods", "-A", "--sort-by=.metadata.uid", "--no-headers", "-o",
		"custom-columns=N:.metadata.name,U:.metadata.uid,R:.status.containerStatuses[*].restartCount,I:.status.initContainerStatuses[*].restartCount")
}

// supervisorKilled: with the first process of the sandbox all of it ends, and
// `lab up` brings back what was there.
func supervisorKilled(t *testing.T) {
	if err := syscall.Kill(labStatus(t).PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	out, _, err := labWith(nil, "up")
	if err != nil {
		t.Fatalf("lab up: %v\n%s", err, out)
	}
	t.Logf("up again after %s", time.Since(began).Round(100*time.Millisecond))
	kubectl(t, "wait", "deployments", "--all", "-A", "--for=condition=Available", "--timeout=180s")
	pulumiUp(t, "--expect-no-changes")
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
	if out, _, err := labWith(env, "status"); err != nil {
		t.Errorf("status: %v\n%s", err, out)
	}
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
		var done int
		_, counted, isStep := strings.Cut(lines.Text(), "[")
		if n, _ := fmt.Sscanf(counted, "%d/%d]", &done, &last); !isStep || n != 2 || !strings.HasPrefix(lines.Text(), "ok") {
			continue
		}
		if killed = done == step && done < last; killed {
			_ = cmd.Process.Kill() // it may have ended by itself
			break
		}
	}
	if err := cmd.Wait(); err != nil && !killed {
		t.Fatalf("up after a kill in step %d: %v\n%s", step, err, printed.String())
	}
	return last, killed
}
