//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"istio-circuit-breaker/internal/wait"
)

// daemons are the processes that the lab's supervisor keeps, by name.
func daemons(t *testing.T) map[string]int {
	t.Helper()
	var status struct{ PID int }
	decode(t, attempt(t, labCommand, "status", "--json").stdout, &status)
	return daemonsOf(t, status.PID)
}

// daemonsOf are those of a supervisor.
func daemonsOf(t *testing.T, supervisor int) map[string]int {
	t.Helper()
	found := map[string]int{}
	for _, pid := range childrenOf(t, supervisor) {
		command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		group, errGroup := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
		// What is left of containers is a child too, once their shim has ended.
		if err != nil || errGroup != nil || strings.Contains(string(group), "kubepods") {
			continue
		}
		path, _, _ := strings.Cut(string(command), "\x00")
		if name := filepath.Base(path); path != "" && !strings.HasPrefix(name, "containerd-shim") {
			found[name] = pid
		}
	}
	return found
}

// killDaemon ends the lab's daemon of that name, and tells its pid; the lab starts
// it again.
func killDaemon(t *testing.T, name string) (pid int) {
	t.Helper()
	pid, ok := daemons(t)[name]
	if !ok {
		t.Fatalf("no process of the lab is %s", name)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatalf("ending %s, process %d: %v", name, pid, err)
	}
	return pid
}

// apiServerReady waits until the API server that was killed serves again, with
// the rights that it makes anew at its start.
func apiServerReady(t *testing.T) {
	t.Helper()
	err := wait.For(t.Context(), "the API server to be ready", time.Minute, 250*time.Millisecond, func(context.Context) error {
		if o := attempt(t, "kubectl", "get", "--raw", "/readyz"); o.exit != 0 {
			return errors.New(o.all())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// childrenOf are a process's children; each is the thread's that has started it.
func childrenOf(t *testing.T, pid int) (children []int) {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			continue // it has ended meanwhile
		}
		for _, field := range strings.Fields(string(text)) {
			child, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			children = append(children, child)
		}
	}
	return children
}
