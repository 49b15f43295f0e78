package runner_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"istio-circuit-breaker/internal/runner"
	"istio-circuit-breaker/internal/wait"
)

// The environment variables that make this test binary a command that runs
// another one, for the tests that kill it.
const (
	asCommand = "RUNNER_TEST_COMMAND"
	asWhole   = "RUNNER_TEST_WHOLE" // and it must not be stopped half-way
)

func TestMain(m *testing.M) {
	if script := os.Getenv(asCommand); script != "" {
		c := shell(script)
		c.Whole = os.Getenv(asWhole) != ""
		_, _ = runner.Exec{}.Run(context.Background(), c)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// descendant is a script that starts a process in the background, which
// ignores polite signals, and writes its id to file.
func descendant(file string) string {
	return `sh -c 'trap "" TERM; echo $$ > ` + file + `.new; mv ` + file + `.new ` + file + `; while :; do sleep 1; done' & wait; sleep 60`
}

// started waits for the process id in file.
func started(t *testing.T, file string) int {
	t.Helper()
	var pid int
	if err := wait.For(t.Context(), "the process to start", 10*time.Second, 10*time.Millisecond, func(context.Context) error {
		content, err := os.ReadFile(file)
		if err == nil {
			pid, err = strconv.Atoi(strings.TrimSpace(string(content)))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return pid
}

// gone waits until a process has ended.
func gone(t *testing.T, pid int) {
	t.Helper()
	if err := wait.For(t.Context(), "the process to end", 10*time.Second, 10*time.Millisecond, func(context.Context) error {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if errors.Is(err, os.ErrNotExist) || strings.Contains(string(stat), ") Z ") {
			return nil
		}
		return errors.New("it is still there")
	}); err != nil {
		t.Error(err)
	}
}

func TestTheEndOfTheContextEndsTheWholeGroup(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() {
		_, err := runner.Exec{Grace: 100 * time.Millisecond}.Run(ctx, shell(descendant(file)))
		result <- err
	}()
	pid := started(t, file)
	cancel()
	if err := <-result; err == nil {
		t.Error("got no error from a command that was stopped")
	}
	gone(t, pid)
}

// A command must not outlive whoever ran it, also where that is killed.
func TestAKilledProcessTakesItsCommandAlong(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), asCommand+"=echo $$ > "+file+".new; mv "+file+".new "+file+"; exec sleep 60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := started(t, file)
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("got no error from a killed process")
	}
	gone(t, pid)
}

// What must not be stopped half-way ends by itself, and says how.
func TestAWholeCommandIsRunToItsEnd(t *testing.T) {
	dir := t.TempDir()
	c := shell("echo $$ > " + dir + "/pid.new; mv " + dir + "/pid.new " + dir + "/pid; while ! [ -e " + dir + "/go ]; do sleep 0.01; done; echo done")
	c.Whole = true
	ctx, cancel := context.WithCancel(t.Context())
	type outcome struct {
		out string
		err error
	}
	result := make(chan outcome, 1)
	go func() {
		out, err := runner.Exec{Grace: time.Millisecond}.Run(ctx, c)
		result <- outcome{out, err}
	}()
	started(t, dir+"/pid")
	cancel()
	if err := os.WriteFile(dir+"/go", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := <-result; got.out != "done\n" || got.err != nil {
		t.Errorf("got %q and %v", got.out, got.err)
	}
	if out, err := (runner.Exec{}).Run(ctx, c); err == nil || out != "" {
		t.Errorf("begun after the context's end: got %q and %v", out, err)
	}
}

func TestAWholeCommandOutlivesAKilledProcess(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), asWhole+"=yes", asCommand+"=echo $$ > "+dir+"/pid.new; mv "+dir+"/pid.new "+dir+"/pid; while ! [ -e "+dir+"/go ]; do sleep 0.01; done; echo said && echo done > "+dir+"/done")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := started(t, dir+"/pid")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("got no error from a killed process")
	}
	if err := os.WriteFile(dir+"/go", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	gone(t, pid)
	if _, err := os.Stat(dir + "/done"); err != nil {
		t.Error("it was stopped half-way")
	}
}

func TestACommandIsAskedToStopAsItWantsToBe(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ready := filepath.Join(t.TempDir(), "ready")
	c := shell(`trap "" TERM; trap "echo asked; exit 3" INT; echo $$ > ` + ready + `.new; mv ` + ready + `.new ` + ready + `; while :; do sleep 0.05; done`)
	go func() {
		defer stop()
		_ = wait.For(ctx, "the command to be ready", 10*time.Second, 10*time.Millisecond, func(context.Context) error {
			_, err := os.Stat(ready)
			return err
		})
	}()
	if out, err := (runner.Exec{Ask: syscall.SIGINT, Grace: 10 * time.Second}).Run(ctx, c); out != "asked\n" || err == nil {
		t.Errorf("got %q, %v", out, err)
	}
}
