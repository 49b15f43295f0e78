//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// apart: the lab and its user's own settings, other users and other labs do not
// get into each other's way.
func apart(t *testing.T) {
	t.Run("daemons have a short list of variables", daemonVariables)
	t.Run("others cannot read logs nor reach the Docker engine", othersShutOut)
	t.Run("settings for another Docker engine do not matter", otherEngine)
	t.Run("up inside of the lab is refused", upInside)
	t.Run("the cache has one lab at a time", oneLabPerCache)
	t.Run("a daemon that fails is told with its log", failingDaemon)
}

// labStatus is what `lab status --json` says.
func labStatus(t *testing.T) (status struct {
	PID          int
	State, Cache string
}) {
	t.Helper()
	out := asks(t, "status", "--json")
	if err := json.Unmarshal(out, &status); err != nil {
		t.Fatalf("decoding %s: %v", out, err)
	}
	return status
}

// labWith runs the lab's command with other variables, also when a test ends.
func labWith(env []string, args ...string) (string, time.Duration, error) {
	cmd := exec.Command(labCommand, args...)
	cmd.Dir, cmd.Env = "..", append(os.Environ(), env...)
	began := time.Now()
	out, err := cmd.CombinedOutput()
	return string(out), time.Since(began), err
}

func daemonVariables(t *testing.T) {
	pid := labStatus(t).PID
	pids := append(childrenOf(t, pid), pid)
	if len(pids) < 10 {
		t.Fatalf("got processes %v, want the supervisor and its daemons", pids)
	}
	for _, pid := range pids {
		environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		command, errCommand := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		// A container's processes are children too, once their shim has ended.
		if err != nil || errCommand != nil || strings.Contains(string(command), "containerd-shim") {
			continue
		}
		for entry := range strings.SplitSeq(strings.Trim(string(environ), "\x00"), "\x00") {
			if name, _, _ := strings.Cut(entry, "="); name != "" && !slices.Contains([]string{"PATH", "TZ", "ETCD_UNSUPPORTED_ARCH"}, name) {
				t.Errorf("%q has %s", strings.ReplaceAll(string(command), "\x00", " "), name)
			}
		}
	}
}

func othersShutOut(t *testing.T) {
	state := labStatus(t).State
	for path, want := range map[string]os.FileMode{"": 0o700, "log": 0o700, "log/up.log": 0o600, "log/kube-apiserver.log": 0o600} {
		if info, err := os.Stat(filepath.Join(state, path)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: got %v and %v, want mode %o", path, info, err, want)
		}
	}
	socket := filepath.Join(state, "docker.sock")
	info, err := os.Stat(socket)
	if err != nil {
		t.Fatal(err)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || stat.Gid != 0 || info.Mode().Perm()&0o007 != 0 {
		t.Errorf("the Docker engine's socket: got %v of group %d, want it root's alone", info.Mode(), stat.Gid)
	}
	cmd := exec.Command("cat", filepath.Join(state, "log/up.log"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := cmd.CombinedOutput(); err == nil {
		t.Errorf("another user reads %d bytes of a log", len(out))
	}
	if conn, err := net.Dial("unix", socket); err != nil {
		t.Errorf("root does not reach the engine: %v", err)
	} else {
		conn.Close()
	}
}

func otherEngine(t *testing.T) {
	env := []string{"DOCKER_TLS_VERIFY=1", "DOCKER_CERT_PATH=/nowhere", "DOCKER_CONTEXT=minikube", "DOCKER_HOST=tcp://192.0.2.1:2376", "HTTPS_PROXY=http://192.0.2.1:1", "HTTP_PROXY=http://192.0.2.1:1"}
	for _, command := range [][]string{{"docker", "version"}, {"kubectl", "get", "nodes"}, {"pulumi", "stack", "ls"}} {
		if out, _, err := labWith(env, append([]string{"exec", "--"}, command...)...); err != nil {
			t.Errorf("%q: %v\n%s", command, err, out)
		}
	}
	if out, _, err := labWith(env[:4], "up"); err != nil || !strings.Contains(out, "it runs already") {
		t.Errorf("up: %v\n%s", err, out)
	}
}

func upInside(t *testing.T) {
	o := attempt(t, labCommand, "up")
	if o.exit != 1 || !strings.Contains(o.stderr, "this is a command of `lab exec`") || !strings.Contains(o.stderr, "hint: leave that shell with `exit`") {
		t.Error(o.all())
	}
}

func oneLabPerCache(t *testing.T) {
	running := labStatus(t)
	out, _, err := labWith([]string{"XDG_STATE_HOME=" + shortFolder(t)}, "check")
	if err == nil || !strings.Contains(out, fmt.Sprintf("are in use by the lab in %q", running.State)) {
		t.Errorf("got %v\n%s", err, out)
	}
}

// shortFolder is a folder for sockets, whose paths the kernel limits.
func shortFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "lab")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// A second lab, of the same parts, whose database cannot run.
func failingDaemon(t *testing.T) {
	dir, env := secondLab(t)
	if err := os.WriteFile(dir+"/etcd", []byte("#!/bin/sh\necho the disk is on fire >&2\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	env = append(env, "PATH="+dir+":"+os.Getenv("PATH"))
	out, took, err := labWith(env, "up")
	want := `etcd ends again and again, `
	if err == nil || !strings.Contains(out, want) || !strings.Contains(out, "\n  the disk is on fire") || !strings.Contains(out, "hint: read the whole log in "+dir) {
		t.Errorf("got %v, want %q\n%s", err, want, out)
	}
	t.Logf("told after %s\n%s", took.Round(time.Millisecond), out)
}
