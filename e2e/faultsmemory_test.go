//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/wait"
)

// daemonOutOfMemory: daemons that the kernel ends for want of memory are started
// again, and why they have ended is told; also of one that ends so again and
// again, which comes back by itself once it may have more.
func daemonOutOfMemory(t *testing.T) {
	dir, env := secondLab(t)
	etcd, err := exec.LookPath("etcd")
	if err != nil {
		t.Fatal(err)
	}
	// The next etcd is in the cgroup that the file names, if there is one.
	script := fmt.Sprintf("#!/bin/sh\nif [ -e %s/tight ]; then echo 0 >$(cat %s/tight) || exit; fi\nexec %s \"$@\"\n", dir, dir, etcd)
	if err := os.WriteFile(dir+"/etcd", []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	env = append(env, "PATH="+dir+":"+os.Getenv("PATH"))
	out, took, err := labWith(env, "up")
	if err != nil {
		t.Fatalf("up: %v\n%s", err, out)
	}
	t.Logf("up after %s\n%s", took.Round(time.Second), out)
	tight := tightCgroup(t, supervisorCgroup(t, dir))
	supervisor := supervisorOf(t, env)
	for _, name := range []string{"etcd", "kube-controller-manager"} {
		tight.limit(t, 64<<10)
		ended := tight.ends(t, env, name, daemonsOf(t, supervisor)[name])
		toldByKernel(t, dir, name)
		t.Logf("%s ended by the kernel after %s, all works again %s later", name, ended, worksAgain(t, env, 90*time.Second))
	}

	if err := os.WriteFile(dir+"/tight", []byte(tight.file("cgroup.procs")), 0o644); err != nil {
		t.Fatal(err)
	}
	tight.limit(t, 64<<10)
	tight.ends(t, env, "etcd", daemonsOf(t, supervisor)["etcd"])
	tight.limit(t, 4<<20) // less than it takes to start
	began := time.Now()
	want := regexp.MustCompile(`(?m)^etcd +FAIL  ends again and again, \d+ times by now, the last time with "signal: killed by the kernel, which says: Memory cgroup out of memory", see ` + dir)
	err = wait.For(t.Context(), "status to tell that etcd has too little memory", time.Minute, 250*time.Millisecond, func(context.Context) error {
		if out, _, err := labWith(env, "status"); err == nil || !want.MatchString(out) {
			return fmt.Errorf("it says:\n%s", out)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	t.Logf("status tells that etcd ends again and again after %s", time.Since(began).Round(100*time.Millisecond))
	out, took, err = labWith(env, "up")
	if err == nil || !strings.Contains(out, `the last time with "signal: killed by the kernel, which says: Memory cgroup out of memory"`) || !strings.Contains(out, "hint: read the whole log in "+dir) {
		t.Errorf("up: got %v\n%s", err, out)
	}
	t.Logf("up tells it after %s", took.Round(100*time.Millisecond))
	if err := os.Remove(dir + "/tight"); err != nil {
		t.Fatal(err)
	}
	t.Logf("all works again %s after the limit is gone", worksAgain(t, env, databaseBack))
	downLeavesNothing(t, env)
}

// databaseBack is how long it takes until all works once a database is back that
// was away for long: the API server tries it again every 2 minutes by then, which is
// the longest delay of its gRPC client.
const databaseBack = 3 * time.Minute

// toldByKernel: the supervisor's log says why a daemon has ended.
func toldByKernel(t *testing.T, dir, name string) {
	t.Helper()
	want := regexp.MustCompile(`ended daemon=` + name + ` pid=\d+ exit="signal: killed by the kernel, which says: Memory cgroup out of memory"`)
	err := wait.For(t.Context(), "the log to tell why "+name+" has ended", 10*time.Second, 50*time.Millisecond, func(context.Context) error {
		log, err := os.ReadFile(dir + "/istio-circuit-breaker-lab/log/supervisor.log")
		if err == nil && !want.Match(log) {
			err = errors.New(string(log))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// worksAgain waits until all of a lab answers, and tells how long that took.
func worksAgain(t *testing.T, env []string, limit time.Duration) time.Duration {
	t.Helper()
	began := time.Now()
	err := wait.For(t.Context(), "the lab to work again", limit, 250*time.Millisecond, func(context.Context) error {
		if out, _, err := labWith(env, "status"); err != nil {
			return fmt.Errorf("lab status: %w\n%s", err, out)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return time.Since(began).Round(100 * time.Millisecond)
}

// tight is a cgroup with little memory, below the lab's own, with which it goes.
type tight struct {
	dir            string
	limits, events string // files, by the version of cgroups
}

// supervisorCgroup is the name of a lab's cgroups, as its kubelet is told it.
func supervisorCgroup(t *testing.T, state string) string {
	t.Helper()
	config, err := os.ReadFile(state + "/istio-circuit-breaker-lab/etc/kubelet.yaml")
	root := regexp.MustCompile(`(?m)^cgroupRoot: /(\S+)$`).FindSubmatch(config)
	if root == nil {
		t.Fatalf("looking for the lab's cgroups: %v\n%s", err, config)
	}
	return string(root[1])
}

func tightCgroup(t *testing.T, lab string) tight {
	t.Helper()
	all := []tight{
		{"/sys/fs/cgroup/memory/" + lab, "memory.limit_in_bytes", "memory.oom_control"},
		{"/sys/fs/cgroup/" + lab, "memory.max", "memory.events"},
	}
	for _, c := range all {
		if _, err := os.Stat(c.file(c.limits)); err != nil {
			continue
		}
		c.dir += "/tight"
		if err := os.Mkdir(c.dir, 0o755); err != nil {
			t.Fatal(err)
		}
		t.Logf("memory is limited by %s", c.file(c.limits))
		return c
	}
	t.Fatalf("the lab has none of %v", all)
	return tight{}
}

func (c tight) file(name string) string { return filepath.Join(c.dir, name) }

func (c tight) limit(t *testing.T, bytes int) {
	t.Helper()
	if err := os.WriteFile(c.file(c.limits), []byte(strconv.Itoa(bytes)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// ends moves a process there and waits until the kernel has ended it, which it
// counts. What the process holds already stays where it was counted before, so it
// is given something to do.
func (c tight) ends(t *testing.T, env []string, name string, pid int) time.Duration {
	t.Helper()
	before, began := c.kills(t), time.Now()
	if err := os.WriteFile(c.file("cgroup.procs"), []byte(strconv.Itoa(pid)), 0o644); err != nil {
		t.Fatalf("limiting the memory of %s, process %d: %v", name, pid, err)
	}
	err := wait.For(t.Context(), "the kernel to end "+name, time.Minute, 50*time.Millisecond, func(context.Context) error {
		_, _, _ = labWith(env, "exec", "--", "kubectl", "get", "nodes", "--request-timeout=1s")
		if now := c.kills(t); now == before {
			return fmt.Errorf("it has ended %d processes there", now)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return time.Since(began).Round(100 * time.Millisecond)
}

// kills is how many processes the kernel has ended there for want of memory.
func (c tight) kills(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(c.file(c.events))
	for line := range strings.Lines(string(text)) {
		var n int
		if found, _ := fmt.Sscanf(line, "oom_kill %d", &n); found == 1 {
			return n
		}
	}
	t.Fatalf("reading how many processes the kernel has ended: %v\n%s", err, text)
	return 0
}
