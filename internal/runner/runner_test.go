package runner_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"istio-circuit-breaker/internal/runner"
)

func shell(script string) runner.Command { return runner.Command{Args: []string{"sh", "-c", script}} }

func TestStdoutIsReturnedAndAllOutputIsLogged(t *testing.T) {
	var log bytes.Buffer
	c := shell("cat; echo result; echo progress >&2; pwd; echo $FIRST $SECOND")
	c.Log, c.Stdin, c.Dir = &log, strings.NewReader("input\n"), "/"
	c.Env = []string{"FIRST=1", "SECOND=2", "FIRST=3"}
	got, err := runner.Exec{}.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if want := "input\nresult\n/\n3 2\n"; got != want {
		t.Errorf("stdout: got %q, want %q", got, want)
	}
	for _, want := range []string{"result\n", "progress\n"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log: got %q, want %q in it", log.String(), want)
		}
	}
}

func TestAFailureTellsCommandReasonAndLastOutput(t *testing.T) {
	script := `i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo line $i; done; echo "it's broken"; exit 3`
	_, err := runner.Exec{}.Run(t.Context(), shell(script))
	failed, ok := errors.AsType[*runner.Error](err)
	if !ok {
		t.Fatalf("got %v, want an *Error", err)
	}
	if want := "running `" + runner.Quote([]string{"sh", "-c", script}) + "`: exit status 3"; err.Error() != want {
		t.Errorf("message: got %q, want %q", err, want)
	}
	if _, ok := errors.AsType[*exec.ExitError](err); !ok {
		t.Errorf("the cause is lost: %v", err)
	}
	lines := strings.Split(failed.Output, "\n")
	if len(failed.Output) > 4096 || lines[len(lines)-1] != "it's broken" || lines[len(lines)-2] != "line 2000" {
		t.Errorf("last output, %d bytes: got %q", len(failed.Output), failed.Output)
	}
	if !strings.HasPrefix(lines[0], "line ") {
		t.Errorf("the last output does not begin with a whole line: %q", lines[0])
	}
}

func TestWhatCannotBeStartedFails(t *testing.T) {
	for name, c := range map[string]runner.Command{
		"no name":           {},
		"no such command":   {Args: []string{"no-such-command-here"}},
		"no such folder":    {Args: []string{"true"}, Dir: filepath.Join(t.TempDir(), "missing")},
		"an ended context":  {Args: []string{"true"}},
		"not an executable": {Args: []string{os.DevNull}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if name == "an ended context" {
				cancel()
			}
			if out, err := (runner.Exec{}).Run(ctx, c); err == nil || out != "" {
				t.Errorf("got %q and no error, want an error", out)
			}
		})
	}
}

func TestQuoteCanBePastedIntoAShell(t *testing.T) {
	args := []string{"a", "", "two words", "it's", `"$HOME"`, "*", "a;b", "x=1", "~"}
	out, err := exec.Command("sh", "-c", "printf '%s\\n' "+runner.Quote(args)).Output()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(args, strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")); diff != "" {
		t.Errorf("what the shell understands (-want +got):\n%s", diff)
	}
}
