//go:build e2e

// Package cold measures what a newcomer waits for: `make demo` from empty caches.
package cold

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// marks are the moments of a demo that somebody waits for, by what is printed then.
var marks = []struct {
	name   string
	prints *regexp.Regexp
	last   bool // the last line of the kind, else the first
}{
	{"the lab is up", regexp.MustCompile(`^ok .*\[\d+/\d+\] `), true},
	{"the stack is up", regexp.MustCompile(`^Duration: `), false},
	{"a pod is ejected", regexp.MustCompile(`^[0-9:.]+ ejected `), false},
}

// TestBenchCold runs `make demo` with caches and a state of its own, and prints when
// each mark was reached, what all of the machine had computed and fetched until
// then, and what is left on disk. Only `make bench-cold` runs it, on a machine that
// does nothing else. It judges no time: machines differ. Debian's packages stay: what
// is installed is not fetched again.
func TestBenchCold(t *testing.T) {
	if os.Getenv("COLD") == "" {
		t.Skip("a campaign of its own: make bench-cold")
	}
	dir := t.TempDir()
	folders := map[string]string{"GOCACHE": "go-build", "GOMODCACHE": "mod", "XDG_CACHE_HOME": "cache", "XDG_STATE_HOME": "state"}
	env := os.Environ()
	for key, name := range folders {
		env = append(env, key+"="+filepath.Join(dir, name))
	}
	in := func(ctx context.Context, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Dir, cmd.Env, cmd.Stderr = "../..", env, os.Stderr
		cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(syscall.SIGINT) }, time.Minute
		return cmd
	}
	defer func() {
		for _, args := range [][]string{{"go", "run", "./lab", "down"}, {"go", "clean", "-modcache"}} {
			if err := in(context.Background(), args...).Run(); err != nil { // the test's own context may have ended
				t.Errorf("running %q: %v", args, err)
			}
		}
	}()

	began := now(t)
	reached := map[string]usage{}
	demo := in(t.Context(), "make", "demo", "RUN="+filepath.Join(dir, "demo"))
	out, err := demo.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	demo.Stderr = demo.Stdout
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		fmt.Fprintln(os.Stderr, lines.Text())
		for _, m := range marks {
			if _, was := reached[m.name]; m.prints.MatchString(lines.Text()) && (m.last || !was) {
				reached[m.name] = now(t)
			}
		}
	}
	_, _ = io.Copy(io.Discard, out) // after a line that is too long for a Scanner
	if err := demo.Wait(); err != nil {
		t.Fatalf("make demo: %v", err)
	}
	reached["the demo is over"] = now(t)

	fmt.Fprintf(os.Stderr, "\n%-18s %9s %12s %9s\n", "from empty caches", "minutes", "CPU-minutes", "fetched")
	for _, name := range []string{marks[0].name, marks[1].name, marks[2].name, "the demo is over"} {
		u, ok := reached[name]
		if !ok {
			t.Errorf("nothing was printed that says that %s", name)
			continue
		}
		fmt.Fprintf(os.Stderr, "%-18s %9.1f %12.1f %6d MB\n", name, u.at.Sub(began.at).Minutes(), (u.cpu - began.cpu).Minutes(), (u.fetched-began.fetched)>>20)
	}
	for key, name := range folders {
		fmt.Fprintf(os.Stderr, "left on disk: %6.1f GB in %s\n", gigabytes(t, filepath.Join(dir, name)), key)
	}
	fmt.Fprintf(os.Stderr, "of %.1f CPU-minutes others took %.1f from this machine (steal)\n", (reached["the demo is over"].cpu - began.cpu).Minutes(), (reached["the demo is over"].stolen - began.stolen).Minutes())
}

// usage is what all of the machine has used since it was started.
type usage struct {
	at          time.Time
	cpu, stolen time.Duration // user, nice and system of all processes; steal is none of it
	fetched     int64         // bytes that came in, of all interfaces but loopback
}

// now reads proc_stat(5), whose unit is a hundredth of a second on every
// architecture that Go knows, and proc_net_dev(5).
func now(t *testing.T) usage {
	u := usage{at: time.Now()}
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		t.Fatal(err)
	}
	var user, nice, system, idle, iowait, irq, softirq, steal int64
	if _, err := fmt.Sscanf(string(stat), "cpu %d %d %d %d %d %d %d %d", &user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal); err != nil {
		t.Fatalf("reading /proc/stat: %v", err)
	}
	const tick = 10 * time.Millisecond
	u.cpu, u.stolen = time.Duration(user+nice+system+irq+softirq)*tick, time.Duration(steal)*tick
	interfaces, err := os.ReadFile("/proc/net/dev")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(interfaces)) {
		name, counters, isInterface := strings.Cut(strings.TrimSpace(line), ":")
		var received int64
		if n, _ := fmt.Sscan(counters, &received); isInterface && n == 1 && name != "lo" {
			u.fetched += received
		}
	}
	return u
}

// gigabytes is what the files below a folder take on disk.
func gigabytes(t *testing.T, folder string) float64 {
	t.Helper()
	var blocks int64
	err := filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		blocks += info.Sys().(*syscall.Stat_t).Blocks
		return nil
	})
	if err != nil {
		t.Errorf("measuring %q: %v", folder, err)
	}
	return float64(blocks) * 512 / 1e9
}
