//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"istio-circuit-breaker/internal/wait"
)

// Commands are bounded, so that a hang fails with what it printed.
const commandLimit = 10 * time.Minute

// The two commands under test, built once.
var labCommand, observeCommand string

func TestMain(m *testing.M) { os.Exit(inLab(m)) }

// inLab runs the cases with a lab around them, and takes down what it brought up.
func inLab(m *testing.M) int {
	dir, err := os.MkdirTemp("", "e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	labCommand, observeCommand = filepath.Join(dir, "lab"), filepath.Join(dir, "observe")
	for target, source := range map[string]string{labCommand: "./lab", observeCommand: "./observe"} {
		if err := loudly("go", "build", "-o", target, source); err != nil {
			fmt.Fprintln(os.Stderr, "e2e: compiling", source+":", err)
			return 1
		}
	}
	if err := loudly(labCommand, "check"); err != nil {
		fmt.Fprint(os.Stderr, "\n*** THE END-TO-END TESTS DID NOT RUN: this machine cannot run a lab (see above). ***\n\n")
		if os.Getenv("CI") == "true" {
			return 1
		}
		return 0
	}
	if os.Getenv("FAULTS") == "own" { // labs that the cases bring up
		return m.Run()
	}
	was := loudly(labCommand, "exec", "--", "true") == nil // somebody's lab already
	if !was && os.Getenv("E2E_KEEP") == "" {
		defer loudly(labCommand, "down")
	}
	flags, err := nodeFlags(was)
	if err == nil {
		err = loudly(append([]string{labCommand, "up"}, flags...)...)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	return m.Run()
}

// loudly runs a command with its output on this process's own.
func loudly(args ...string) error {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = "..", os.Stderr, os.Stderr
	return cmd.Run()
}

// outcome is what a command did.
type outcome struct {
	stdout, stderr string
	exit           int
	took           time.Duration
}

// all is what it printed, for a message.
func (o outcome) all() string {
	return fmt.Sprintf("exit code %d after %s\nstdout:\n%s\nstderr:\n%s", o.exit, o.took.Round(time.Millisecond), o.stdout, o.stderr)
}

// attempt runs a command in the lab, from the project's folder.
func attempt(t *testing.T, args ...string) outcome {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), commandLimit)
	defer stop()
	cmd := background(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	err := cmd.Run()
	o := outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode(), time.Since(began)}
	if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
		t.Fatalf("running %q: %v", args, err)
	}
	return o
}

// background is a command in the lab that is not started yet. It is asked to
// end when ctx does, as Ctrl-C would.
func background(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, labCommand, append([]string{"exec", "--"}, args...)...)
	cmd.Dir = ".."
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 20 * time.Second
	return cmd
}

// run is attempt for a command that has to succeed.
func run(t *testing.T, args ...string) string {
	t.Helper()
	o := attempt(t, args...)
	if o.exit != 0 {
		t.Fatalf("running %q: %s", args, o.all())
	}
	return o.stdout
}

func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	return run(t, append([]string{"kubectl"}, args...)...)
}

// everything lists all objects of the cluster but those that come and go by
// themselves, once none is ending any more: a pod of a case before takes up to half
// a minute to go.
func everything(t *testing.T) map[string]bool {
	t.Helper()
	kinds := listedKinds(t)
	var found map[string]bool
	err := wait.For(t.Context(), "objects that are ending", time.Minute, time.Second, func(context.Context) error {
		var ending []string
		if found, ending = objects(t, kinds); len(ending) > 0 {
			return fmt.Errorf("%q are ending", ending)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// listedKinds are those of which all objects are compared, as kubectl takes them.
func listedKinds(t *testing.T) string {
	t.Helper()
	var kinds []string
	for _, kind := range strings.Fields(kubectl(t, "api-resources", "--verbs=list", "-o", "name")) {
		if name, _, _ := strings.Cut(kind, "."); name != "events" && name != "componentstatuses" {
			kinds = append(kinds, kind)
		}
	}
	return strings.Join(kinds, ",")
}

// objects are those that there are, and which of them are ending.
func objects(t *testing.T, kinds string) (found map[string]bool, ending []string) {
	t.Helper()
	found = map[string]bool{}
	list := kubectl(t, "get", kinds, "--all-namespaces", "--ignore-not-found", "--no-headers",
		"-o", `jsonpath={range .items[*]}{.apiVersion}/{.kind} {.metadata.namespace}/{.metadata.name}{"\t"}{.metadata.deletionTimestamp}{"\n"}{end}`)
	for line := range strings.Lines(list) {
		object, deleted, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if strings.Contains(object, "/Lease kube-node-lease/") { // the node's heartbeat
			continue
		}
		found[object] = true
		if deleted != "" {
			ending = append(ending, object)
		}
	}
	if len(found) < 20 {
		t.Fatalf("listing all objects: only %d found:\n%s", len(found), list)
	}
	return found, ending
}

// settled is everything once that has stayed the same for three looks: a cluster
// that has just come up goes on making what belongs to it.
func settled(t *testing.T) map[string]bool {
	t.Helper()
	var last map[string]bool
	same := 0
	err := wait.For(t.Context(), "the cluster to settle", time.Minute, time.Second, func(context.Context) error {
		now := everything(t)
		if maps.Equal(now, last) {
			same++
		} else {
			same = 0
		}
		if last = now; same < 2 {
			return fmt.Errorf("%d objects, the same %d times", len(now), same+1)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return last
}

// leavesNothing compares what there is after a destroy with what was there before.
func leavesNothing(t *testing.T, before map[string]bool) {
	t.Helper()
	if more := beyond(before, everything(t)); len(more) > 0 {
		t.Errorf("left after destroy:\n%s", strings.Join(more, "\n"))
	}
}

// beyond lists what is in after and not in before, in order.
func beyond(before, after map[string]bool) []string {
	var more []string
	for object := range after {
		if !before[object] {
			more = append(more, object)
		}
	}
	slices.Sort(more)
	return more
}
