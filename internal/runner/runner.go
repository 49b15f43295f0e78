// Package runner runs external commands behind an interface, so that what
// needs them can be tested without them, and so that a failure always says
// which command failed and what it printed last.
package runner

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Command is one external command. The zero Dir is the working directory, a
// nil Env the environment of this process.
type Command struct {
	Args  []string
	Dir   string
	Env   []string // added to the environment, later wins
	Stdin io.Reader
	// Log receives stdout and stderr as they come, nil discards them. What they
	// said last is in Error all the same.
	Log io.Writer
	// Whole is a command that does harm if it is stopped half-way, such as one
	// that installs packages: it is run to its end also where the context ends
	// meanwhile, or this process is killed.
	Whole bool
}

// Runner runs commands to their end.
type Runner interface {
	// Run returns what the command wrote to stdout, and an *Error if it failed.
	Run(ctx context.Context, c Command) (string, error)
}

// Error is a command's failure: what was run, what it printed last, and why it
// ended.
type Error struct {
	Args   []string
	Output string // the last lines of stdout and stderr, in the order they were read
	Cause  error
}

func (e *Error) Error() string {
	return fmt.Sprintf("running `%s`: %v", Quote(e.Args), e.Cause)
}

func (e *Error) Unwrap() error { return e.Cause }

// Quote joins args to a line that can be pasted into a shell.
func Quote(args []string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		if a == "" || strings.ContainsAny(a, " \t\n\"'\\$`*?[]{}()<>|&;#~!") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		quoted[i] = a
	}
	return strings.Join(quoted, " ")
}

// Exec runs commands for real. When its context ends it asks the command's
// whole process group to stop, and kills what is left after Grace.
type Exec struct {
	Grace time.Duration  // 0 means 5 s
	Ask   syscall.Signal // that asks to stop; 0 means SIGTERM
}

// Run implements Runner.
func (x Exec) Run(ctx context.Context, c Command) (string, error) {
	if len(c.Args) == 0 {
		return "", fmt.Errorf("running a command: no name given")
	}
	if err := ctx.Err(); err != nil {
		return "", &Error{Args: c.Args, Cause: err}
	}
	if c.Whole {
		ctx = context.WithoutCancel(ctx)
	}
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Dir, cmd.Stdin = c.Dir, c.Stdin
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.SysProcAttr = attributes(c.Whole)
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, cmp.Or(x.Ask, syscall.SIGTERM)) }
	if cmd.WaitDelay = x.Grace; x.Grace == 0 {
		cmd.WaitDelay = 5 * time.Second
	}
	var stdout bytes.Buffer
	last := &tail{limit: 4096}
	both := io.Writer(last)
	if c.Log != nil {
		both = io.MultiWriter(last, c.Log)
	}
	shared := &lockedWriter{w: both}
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&stdout, shared), shared
	err := run(cmd, c.Whole)
	if ctx.Err() != nil && cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // nobody left is fine
	}
	if err != nil {
		return stdout.String(), &Error{Args: c.Args, Output: last.String(), Cause: err}
	}
	return stdout.String(), nil
}

// run runs cmd. A whole one writes to a file: it would die of a pipe that
// nobody reads any more, once this process is killed.
func run(cmd *exec.Cmd, whole bool) error {
	if !whole {
		return cmd.Run()
	}
	file, err := os.CreateTemp("", "output-")
	if err != nil {
		return fmt.Errorf("making a file for its output: %w", err)
	}
	defer file.Close()
	defer os.Remove(file.Name())
	out := cmd.Stdout
	cmd.Stdout, cmd.Stderr = file, file
	err = cmd.Run()
	if _, seek := file.Seek(0, io.SeekStart); seek == nil {
		_, _ = io.Copy(out, file) // what it said; how it ended is more important
	}
	return err
}
