package lab

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"istio-circuit-breaker/internal/lab/reach"
	"istio-circuit-breaker/internal/lab/sandbox"
	"istio-circuit-breaker/internal/network"
)

// FollowCommand is the subcommand that the lab calls itself by beside a command
// of `lab exec`. Its arguments are an entry in the environment of the command's
// processes and the file of the host's network; it inherits the command's pidfd.
const FollowCommand = "follow"

// commandVariable marks the processes of one `lab exec` by its process id.
const commandVariable = "ISTIO_CIRCUIT_BREAKER_LAB_COMMAND"

// hostEnvironment tells a command of the lab how to listen on the host. A lab
// that an older version brought up has no way there.
func (l *Lab) hostEnvironment() []string {
	if !exists(l.reach()) {
		return nil
	}
	return []string{network.HostVariable + "=" + l.box.HostNetwork()}
}

// isFollowed says whether this process is of a command of this lab already, as
// in a shell that `lab exec` runs: two would open each port twice.
func (l *Lab) isFollowed() bool {
	command := os.Getenv(commandVariable)
	return inside() == l.State && command != "" && exists("/proc/"+command)
}

// follow starts what opens on the host the ports that this process, by then
// replaced by the command, and its children listen on. It is a process of its
// own, so that the command keeps this one's terminal, signals and exit code;
// and nobody's child, so that the command is not left waiting for it.
func (l *Lab) follow() error {
	if !exists(l.reach()) {
		return nil
	}
	pid := os.Getpid()
	if err := os.Setenv(commandVariable, strconv.Itoa(pid)); err != nil {
		return err
	}
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return fmt.Errorf("opening process %d: %w", pid, err)
	}
	command := os.NewFile(uintptr(pidfd), "command")
	defer command.Close()
	args := l.box.Enter(filepath.Join(l.bin(), "lab"), FollowCommand, commandVariable+"="+strconv.Itoa(pid), l.box.HostNetwork())
	cmd := exec.Command("setsid", append([]string{"--fork"}, args...)...)
	cmd.Dir, cmd.Stderr, cmd.ExtraFiles = "/", os.Stderr, []*os.File{command}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("starting the relay with `setsid`: %w", err)
	}
	return nil
}

// Follow is what FollowCommand does; see follow.
func Follow(ctx context.Context, args []string) error {
	if len(args) != 2 {
		return errors.New("following a command: takes an entry of its environment and the file of a network")
	}
	f := reach.Follower{
		Processes: func() ([]int, error) { return sandbox.Marked(args[0]) },
		Host:      args[1],
		Say:       func(text string) { fmt.Fprintf(os.Stderr, "lab: %s\n", text) },
		// What a relay of one's own command says, that command says better.
		Log: slog.New(slog.DiscardHandler),
	}
	command := os.NewFile(3, "command")
	defer command.Close()
	return f.Follow(ctx, command)
}
