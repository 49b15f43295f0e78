package reach

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"istio-circuit-breaker/internal/lab/sandbox"
)

// This test binary is also what the tests start: a command in another network
// that listens where it is told to, what follows it, and a relay of sockets that
// it was started with.
func TestMain(m *testing.M) {
	var err error
	switch role, args := os.Getenv("REACH_TEST"), os.Args[1:]; role {
	case "":
		os.Exit(m.Run())
	case "command":
		err = command(os.Stdin, os.Stdout)
	case "follow":
		signal.Ignore(syscall.SIGPIPE)
		err = Follower{
			Processes: func() ([]int, error) { return sandbox.Marked(args[0]) },
			Host:      args[1],
			Say:       func(text string) { fmt.Println(text) },
			Log:       quiet,
		}.Follow(context.Background(), os.NewFile(3, "command"))
	case "inherited":
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		err = Inherited(ctx, args, slog.Default())
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// command reads lines "open ADDRESS" and "close ADDRESS", and answers each one
// that it has done. Who connects to an address is told its name.
func command(in io.Reader, out io.Writer) error {
	open := map[string]net.Listener{}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		verb, address, _ := strings.Cut(lines.Text(), " ")
		if verb == "close" {
			open[address].Close()
		} else {
			listener, err := net.Listen("tcp", address)
			if err != nil {
				return err
			}
			open[address] = listener
			go func() {
				for {
					conn, err := listener.Accept()
					if err != nil {
						return
					}
					fmt.Fprint(conn, "I am ", address)
					conn.Close()
				}
			}()
		}
		fmt.Fprintln(out, "done")
	}
	return lines.Err()
}

// talking is a command of the tests that runs.
type talking struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// start starts a role of this binary, in a new network or that of a process.
func start(t *testing.T, role, mark string, network int) talking {
	t.Helper()
	enter := []string{"unshare", "--net", "sh", "-c", `ip link set lo up && exec "$0"`}
	if network != 0 {
		enter = []string{"nsenter", fmt.Sprintf("--net=/proc/%d/ns/net", network), "--"}
	}
	cmd := exec.Command(enter[0], append(enter[1:], "/proc/"+fmt.Sprint(os.Getpid())+"/exe")...)
	cmd.Env, cmd.Stderr = append(os.Environ(), "REACH_TEST="+role, mark), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return talking{cmd, in, bufio.NewReader(out)}
}

// do has the command do what a line says.
func (c talking) do(t *testing.T, line string) {
	t.Helper()
	fmt.Fprintln(c.in, line)
	if answer, err := c.out.ReadString('\n'); err != nil || answer != "done\n" {
		t.Fatalf("%s: the command answers %q, %v", line, answer, err)
	}
}

// needsNetworks ends a test on a machine that makes no networks. CI must be
// able to.
func needsNetworks(t *testing.T) {
	t.Helper()
	out, err := exec.Command("unshare", "--net", "ip", "link", "set", "lo", "up").CombinedOutput()
	if err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("this machine makes no networks, and CI has to: %v: %s", err, out)
	}
	fmt.Fprintf(os.Stderr, "\n*** %s DID NOT RUN: this machine makes no networks: %v: %s ***\n\n", t.Name(), err, out)
	t.Skip("no network of its own here")
}

// pidfd opens a process.
func pidfd(t *testing.T, pid int) *os.File {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), "process")
	t.Cleanup(func() { file.Close() })
	return file
}
