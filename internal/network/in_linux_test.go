package network_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"istio-circuit-breaker/internal/network"

	"golang.org/x/sys/unix"
)

// another starts a process in a network of its own, with loopback up, and
// returns the file of that network.
func another(t *testing.T) string {
	t.Helper()
	cmd := exec.Command("sh", "-c", "ip link set lo up && echo ready && exec cat")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err = cmd.Start(); err == nil {
		t.Cleanup(func() { stdin.Close(); _ = cmd.Wait() })
		_, err = bufio.NewReader(stdout).ReadString('\n')
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("this machine makes no networks, and CI has to: %v", err)
		}
		fmt.Fprintf(os.Stderr, "\n*** %s DID NOT RUN: this machine makes no networks: %v ***\n\n", t.Name(), err)
		t.Skip("no network of its own here")
	}
	return fmt.Sprintf("/proc/%d/ns/net", cmd.Process.Pid)
}

// current is the network of a thread.
func current(t *testing.T, thread string) string {
	t.Helper()
	name, err := os.Readlink("/proc/" + thread + "/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func TestASocketStaysInTheNetworkItWasMadeIn(t *testing.T) {
	file := another(t)
	listener, err := network.ListenIn(t.Context(), file, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "hello")
			conn.Close()
		}
	}()
	if conn, err := net.Dial("tcp", listener.Addr().String()); err == nil {
		conn.Close()
		t.Error("it answers here too")
	}
	var said []byte
	err = network.In(file, func() error {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			return err
		}
		defer conn.Close()
		said, err = io.ReadAll(conn)
		return err
	})
	if err != nil || string(said) != "hello" {
		t.Errorf("over there it says %q, %v", said, err)
	}
}

func TestTheRestOfTheProcessStaysWhereItIs(t *testing.T) {
	file := another(t)
	here := current(t, "self")
	var calls sync.WaitGroup
	for range 50 {
		calls.Go(func() {
			err := network.In(file, func() error {
				if current(t, "thread-self") == here {
					return errors.New("it is not in the other network")
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			if current(t, "thread-self") != here {
				t.Error("a thread is left in the other network")
			}
		})
	}
	calls.Wait()
	if current(t, "self") != here {
		t.Error("the process shows the other network")
	}
}

func TestListenFollowsTheVariable(t *testing.T) {
	file := another(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()
	if _, err := network.Listen(t.Context(), address); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("at a port that is taken here: got %v", err)
	}
	t.Setenv(network.HostVariable, file)
	listener, err := network.Listen(t.Context(), address)
	if err != nil {
		t.Fatalf("where the port is free: %v", err)
	}
	defer listener.Close()
	if _, err := network.Listen(t.Context(), address); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("at a port that is taken there: got %v", err)
	}
}

func TestANetworkThatIsNone(t *testing.T) {
	for file, want := range map[string]string{
		"/proc/0/ns/net": "opening a network: open /proc/0/ns/net: no such file or directory",
		os.DevNull:       `entering the network "/dev/null": `,
	} {
		t.Setenv(network.HostVariable, file)
		l, err := network.Listen(t.Context(), "127.0.0.1:0")
		if err == nil || !strings.HasPrefix(err.Error(), want) || l != nil {
			t.Errorf("%s: got %v and %v, want %q", file, l, err, want)
		}
	}
}
