package reach

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"istio-circuit-breaker/internal/wait"
)

// world is a command in a network of its own, and what follows it.
type world struct {
	command, stranger talking // in the same network; only the first is followed
	said              *bufio.Reader
	ended             chan error
}

func newWorld(t *testing.T) world {
	t.Helper()
	needsNetworks(t)
	mark := "REACH_TEST_COMMAND=" + t.Name()
	w := world{command: start(t, "command", mark, 0), ended: make(chan error, 1)}
	free := freePort(t)
	w.command.do(t, "open 127.0.0.1:"+free) // and so is in its network
	w.command.do(t, "close 127.0.0.1:"+free)
	w.stranger = start(t, "command", "REACH_TEST_COMMAND=stranger", w.command.Process.Pid)
	follower := exec.Command("nsenter", fmt.Sprintf("--net=/proc/%d/ns/net", w.command.Process.Pid), "--",
		fmt.Sprintf("/proc/%d/exe", os.Getpid()), mark, fmt.Sprintf("/proc/%d/ns/net", os.Getpid()))
	follower.Env, follower.Stderr = append(os.Environ(), "REACH_TEST=follow"), os.Stderr
	follower.ExtraFiles = []*os.File{pidfd(t, w.command.Process.Pid)}
	out, err := follower.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := follower.Start(); err != nil {
		t.Fatal(err)
	}
	w.said = bufio.NewReader(out)
	go func() { w.ended <- follower.Wait() }()
	t.Cleanup(func() { _ = follower.Process.Kill() })
	return w
}

// freePort is one that nobody listens on here, outside of the range from which
// the kernel gives out others. Nobody does in a new network.
func freePort(t *testing.T) string {
	t.Helper()
	for range freePorts {
		lastPort = (lastPort + 1) % freePorts
		number := 10000 + lastPort
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", number)); err == nil {
			l.Close()
			return fmt.Sprint(number)
		}
	}
	t.Fatal("no port is free")
	return ""
}

// freePorts is how many are tried, and lastPort which of them was handed out last:
// another run of these tests at the same time begins elsewhere.
const freePorts = 22000

var lastPort = os.Getpid() % 200 * 100

// says reads what an address of this machine says.
func says(address string) (string, error) {
	conn, err := net.DialTimeout("tcp", address, within)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(within)); err != nil {
		return "", err
	}
	all, err := io.ReadAll(conn)
	return string(all), err
}

func until(t *testing.T, what string, check func() error) {
	t.Helper()
	if err := wait.For(t.Context(), what, within, 10*time.Millisecond, func(context.Context) error { return check() }); err != nil {
		t.Fatal(err)
	}
}

func saying(t *testing.T, address, want string) {
	t.Helper()
	until(t, address+" to answer", func() error {
		got, err := says(address)
		if err == nil && got != want {
			err = fmt.Errorf("it says %q, want %q", got, want)
		}
		return err
	})
}

func refusing(t *testing.T, address string) {
	t.Helper()
	until(t, address+" to be closed", func() error {
		said, err := says(address)
		if errors.Is(err, syscall.ECONNREFUSED) {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("it says %q", said)
		}
		return err
	})
}

func TestWhatACommandListensOnIsOpenedHere(t *testing.T) {
	w := newWorld(t)
	ports := map[string]string{}
	for _, at := range []string{"127.0.0.1", "127.8.8.8", "0.0.0.0", "[::1]", "[::]"} {
		ports[at] = freePort(t)
		w.command.do(t, "open "+at+":"+ports[at])
	}
	strange := freePort(t)
	w.stranger.do(t, "open 127.0.0.1:"+strange)
	for at, port := range ports {
		saying(t, "127.0.0.1:"+port, "I am "+at+":"+port)
	}
	// Loopback alone, and here as there where it is in both of its families.
	if said, err := says("[::1]:" + ports["[::1]"]); err == nil {
		t.Errorf("another address than 127.0.0.1 answers: %q", said)
	}
	both := freePort(t)
	w.command.do(t, "open [::1]:"+both)
	w.command.do(t, "open 127.0.0.1:"+both)
	saying(t, "127.0.0.1:"+both, "I am 127.0.0.1:"+both)
	if said, err := says("127.0.0.1:" + strange); err == nil {
		t.Errorf("a port of another command is open: it says %q", said)
	}
	w.command.do(t, "close 127.0.0.1:"+both)
	saying(t, "127.0.0.1:"+both, "I am [::1]:"+both)
	w.command.do(t, "close [::1]:"+both)
	refusing(t, "127.0.0.1:"+both)
}

func TestWhatIsOpenEndsWithTheCommand(t *testing.T) {
	w := newWorld(t)
	address := "127.0.0.1:" + freePort(t)
	w.command.do(t, "open "+address)
	saying(t, address, "I am "+address)
	if err := w.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-w.ended:
		if err != nil {
			t.Errorf("following ended with %v", err)
		}
	case <-time.After(within):
		t.Error("the command is still followed")
	}
	refusing(t, address)
}

func TestATakenPortIsOpenedAtAnother(t *testing.T) {
	w := newWorld(t)
	taken := listen(t)
	address := taken.Addr().String()
	w.command.do(t, "open "+address)
	line, err := w.said.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(line, "http://")
	other, _, _ := strings.Cut(rest, "/")
	_, port, _ := net.SplitHostPort(address)
	want := fmt.Sprintf("outside of the lab, port %s of process %d is at http://%s/, as %s cannot be used there: listen tcp %s: bind: address already in use\n",
		port, w.command.Process.Pid, other, address, address)
	if line != want {
		t.Errorf("got  %qwant %q", line, want)
	}
	saying(t, other, "I am "+address)
}

func TestACommandOpensABoundedNumberOfPorts(t *testing.T) {
	w := newWorld(t)
	var all []string
	for range maxFollowed + 1 {
		all = append(all, "127.0.0.1:"+freePort(t))
		w.command.do(t, "open "+all[len(all)-1])
	}
	// A look at the sockets while they are opened sees any of them.
	var shut, open []string
	until(t, "as many ports as may be to answer", func() error {
		shut, open = nil, nil
		var why error
		for _, address := range all {
			if said, err := says(address); err != nil || said != "I am "+address {
				shut, why = append(shut, address), fmt.Errorf("%s says %q: %w", address, said, err)
			} else {
				open = append(open, address)
			}
		}
		if len(shut) > 1 {
			return fmt.Errorf("%d answer, want %d: %w", len(open), maxFollowed, why)
		}
		return nil
	})
	if len(shut) == 0 {
		t.Fatalf("%d ports answer, want at most %d", len(open), maxFollowed)
	}
	w.command.do(t, "close "+open[0])
	saying(t, shut[0], "I am "+shut[0])
}
