package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A pipe that nobody closes is a text without an end, and as a computation would,
// reading it has no place where a context is looked at.
func TestASignalEndsLintAtOnce(t *testing.T) {
	for _, args := range [][]string{{"lint"}, {"explain", "--pods", "3", "-f"}} {
		for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
			t.Run(args[0]+" "+signal.String(), func(t *testing.T) {
				pipe := filepath.Join(t.TempDir(), "rules.yaml")
				if err := unix.Mkfifo(pipe, 0o600); err != nil {
					t.Fatal(err)
				}
				self, err := os.Executable()
				if err != nil {
					t.Fatal(err)
				}
				run := exec.CommandContext(t.Context(), self, append(args, pipe)...)
				run.WaitDelay = time.Minute
				run.Env = append(os.Environ(), asObserve+"=1")
				var stderr bytes.Buffer
				run.Stderr = &stderr
				if err := run.Start(); err != nil {
					t.Fatal(err)
				}
				reading, err := os.OpenFile(pipe, os.O_WRONLY, 0) // waits for the reader
				if err != nil {
					t.Fatal(err)
				}
				defer reading.Close()
				if err := run.Process.Signal(signal); err != nil {
					t.Fatal(err)
				}
				_ = run.Wait()
				if code := run.ProcessState.ExitCode(); code != exitFailed || !strings.Contains(stderr.String(), "signal") || strings.Contains(stderr.String(), "hint:") {
					t.Errorf("got exit code %d and %q", code, &stderr)
				}
			})
		}
	}
}
