//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// moments at which runs are killed, as what pulumi prints then.
type moments struct{ up, down, downThenUp []string }

// someMoments are one of each kind; everyMoment is before and after each kind of
// resource.
var (
	someMoments = moments{
		up:         []string{`Release istio-base creating`, `Deployment \S+ created`},
		downThenUp: []string{`CustomResourceDefinition \S+ deleted`},
		down:       []string{`Release istiod deleting`},
	}
	everyMoment = moments{
		up: []string{
			`docker:\S+ servicex creating`, `Namespace \S+ creating`, `Namespace istio-system created`, `Service servicex-service creat`,
			`Release istio-base creating`, `Release istio-base created`, `CustomResourceDefinition \S+ created`,
			`Release istiod creating`, `Release istiod created`, `DestinationRule servicex-service creat`, `Deployment \S+ created`,
		},
		downThenUp: []string{`DestinationRule \S+ delet`, `Deployment \S+ deleted`, `Release istiod deleting`, `Release istiod deleted`, `CustomResourceDefinition \S+ deleted`},
		down: []string{
			`DestinationRule \S+ delet`, `Deployment \S+ deleted`, `Release istiod deleting`, `Release istiod deleted`,
			`CustomResourceDefinition \S+ deleted`, `Release istio-base delet`, `Namespace \S+ deleting`,
		},
	}
)

// killedRuns: engine, language host, program and plugins are killed at one moment
// after the other, each time on what the kill before has left. After "pulumi
// cancel" "pulumi up --refresh" goes on all the same, as the README says, and at
// the end the cluster is as wanted; then the same for "pulumi destroy --refresh",
// without which a release is missed that is gone and that the state still has.
func killedRuns(t *testing.T) { killAt(t, someMoments) }

// TestKills is the same at every moment; "make kills".
func TestKills(t *testing.T) {
	if os.Getenv("KILLS") == "" {
		t.Skip("a campaign of its own: make kills")
	}
	pulumiUp(t)
	killAt(t, everyMoment)
}

func killAt(t *testing.T, at moments) {
	up := []string{"up", "--refresh", "--yes", "--skip-preview", "--color=never"}
	down := []string{"destroy", "--refresh", "--yes", "--skip-preview", "--color=never"}
	whole := func() {
		t.Helper()
		pulumiUp(t, "--refresh")
		pulumiUp(t, "--expect-no-changes")
		proves(t, 10, "--phases", "trip")
		if odd := strings.TrimSpace(kubectl(t, "get", "secrets", "-A", "-l", "owner=helm,status notin (deployed,superseded)", "-o", "name")); odd != "" {
			t.Errorf("releases that are not whole: %s", odd)
		}
	}
	destroy(t)
	before := everything(t)
	for _, moment := range at.up {
		killedAt(t, moment, up...)
	}
	whole()
	// The API server goes away for a moment: the run ends with an error or not,
	// and whoever then goes on does so once it is back.
	pulumi(t, "config", "set", "outlier.consecutiveErrors", "9")
	interrupt(t, `DestinationRule \S+ updating`, func(int) { killDaemon(t, "kube-apiserver") }, up...)
	apiServerReady(t)
	pulumi(t, "config", "rm", "outlier.consecutiveErrors")
	whole()
	// An update whose values are then taken back: nothing but the kill is left.
	values := strings.TrimSpace(pulumi(t, "config", "get", "istio.values"))
	pulumi(t, "config", "set", "istio.values", strings.Replace(values, "{", `{"global":{"logAsJson":true},`, 1))
	killedAt(t, `Release istiod updat`, up...)
	pulumi(t, "config", "set", "istio.values", values)
	whole()
	for _, moment := range at.downThenUp {
		killedAt(t, moment, down...)
		whole()
	}
	for _, moment := range at.down {
		killedAt(t, moment, down...)
	}
	pulumi(t, down...)
	leavesNothing(t, before)
	pulumiUp(t)
	pulumi(t, "refresh", "--yes", "--clear-pending-creates")
	if o := attempt(t, upWith("--expect-no-changes")...); o.exit != 0 || strings.Contains(o.stdout, "pending operations") {
		t.Errorf("the state still tells of the kills: %s", o.all())
	}
}

// imageOfIstiodMissing: an update to an image that nobody has fails, and leaves
// the mesh that was there; with the old image again, all is as before.
func imageOfIstiodMissing(t *testing.T) {
	tag := strings.TrimSpace(pulumi(t, "config", "get", "istio.tag"))
	pulumi(t, "config", "set-all", "--plaintext", "istio.tag=nowhere", "--plaintext", "istio.timeout=30s")
	if o := attempt(t, upWith()...); o.exit == 0 || !strings.Contains(o.stdout, "istiod") {
		t.Errorf("up with an image that is not there: %s", o.all())
	}
	pulumi(t, "config", "set", "istio.tag", tag)
	pulumi(t, "config", "rm", "istio.timeout")
	pulumiUp(t, "--refresh")
	pulumiUp(t, "--expect-no-changes")
	proves(t, 10, "--phases", "trip")
}

// killedAt runs pulumi and kills it with all below it once it prints a line with
// a match, and has the lock taken away that it leaves. A run that never comes to
// that moment has to end well.
func killedAt(t *testing.T, moment string, args ...string) {
	t.Helper()
	interrupt(t, moment, killTree, args...)
	attempt(t, "pulumi", "cancel", "--yes")
}

// interrupt runs pulumi and does something, given its process, once it prints a
// line with a match.
func interrupt(t *testing.T, moment string, do func(pid int), args ...string) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 4*time.Minute)
	defer stop()
	cmd := background(ctx, append([]string{"pulumi"}, args...)...)
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = in, in
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	var printed strings.Builder
	done := false
	lines := bufio.NewScanner(io.TeeReader(out, &printed))
	for at := regexp.MustCompile(moment); !done && lines.Scan(); {
		if done = at.MatchString(lines.Text()); done {
			do(cmd.Process.Pid)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	err = cmd.Wait()
	switch {
	case done:
		t.Logf("pulumi %s interrupted at %q, ended after %s: %v", args[0], moment, time.Since(began).Round(100*time.Millisecond), err)
	case err != nil:
		t.Fatalf("pulumi %s, to be interrupted at %q, failed before: %v\n%s", args[0], moment, err, printed.String())
	default:
		t.Errorf("pulumi %s never came to %q\n%s", args[0], moment, printed.String())
	}
}

// killTree kills a process and all that descend from it, and again what they
// have started meanwhile.
func killTree(pid int) {
	for range 3 {
		for _, p := range append([]int{pid}, descendants(pid)...) {
			_ = syscall.Kill(p, syscall.SIGKILL) // it may have ended by itself
		}
	}
}

func descendants(pid int) []int {
	children := map[int][]int{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended meanwhile
		}
		// pid (name) state ppid: the name may hold blanks and parentheses.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		child, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		parent, _ := strconv.Atoi(fields[1])
		children[parent] = append(children[parent], child)
	}
	var all []int
	for next := children[pid]; len(next) > 0; next = next[1:] {
		all = append(all, next[0])
		next = append(next, children[next[0]]...)
	}
	return all
}
