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

// The environment variable that makes this test binary a command that runs
// another one, for the test that kills it.
const asCommand = "RUNNER_TEST_COMMAND"

func TestMain(m *testing.M) {
	if script := os.Getenv(asCommand); script != "" {
		_, _ = runner.Exec{}.Run(context.Background(), shell(script))
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
