package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"istio-circuit-breaker/internal/lab/node"
	"istio-circuit-breaker/internal/lab/parts"
	"istio-circuit-breaker/internal/lab/reach"
	"istio-circuit-breaker/internal/lab/sandbox"
	"istio-circuit-breaker/internal/network"
	"istio-circuit-breaker/internal/wait"
)

// roles are what this test binary does in a real sandbox, or beside it.
var roles = map[string]func([]string) error{
	SuperviseCommand: func(args []string) error { return sandbox.Supervise(args[0]) },
	RelayCommand: func(args []string) error {
		return reach.Inherited(context.Background(), args, slog.Default())
	},
	FollowCommand: func(args []string) error { return Follow(context.Background(), args) },
	ProbeCommand: func(args []string) error {
		for _, lacks := range sandbox.Probe(args...) {
			fmt.Println(lacks)
		}
		return nil
	},
	// exec STATE CMD ... is `lab exec` for the lab in a folder.
	"exec": func(args []string) error {
		return New(Layout{State: args[0]}, parts.Machine{}, nil, nil).Exec(args[1:])
	},
	// serve NAME ADDRESS says its name there, page NAME ADDRESS where the
	// user's browser is.
	"serve": func(args []string) error {
		var config net.ListenConfig
		listener, err := config.Listen(context.Background(), "tcp", args[1])
		return errors.Join(err, name(listener, args[0]))
	},
	"page": func(args []string) error {
		listener, err := network.Listen(context.Background(), args[1])
		return errors.Join(err, name(listener, args[0]))
	},
}

// name prints where it listens, and says name to whoever connects.
func name(listener net.Listener, name string) error {
	if listener == nil {
		return nil
	}
	fmt.Println(listener.Addr())
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		fmt.Fprint(conn, name)
		conn.Close()
	}
}

// anyPorts is this machine, of which a test takes no port that a lab may want.
type anyPorts struct{ kernel }

func (h anyPorts) listen(string) (*os.File, string, error) { return h.kernel.listen("127.0.0.1:0") }

// newSandbox starts a real sandbox of a lab that has servers in the places of
// its API server and registry, and nothing else.
func newSandbox(t *testing.T) *Lab {
	t.Helper()
	lacks, err := kernel{}.probe(t.Context(), []string{t.TempDir()})
	if err != nil || len(lacks) > 0 {
		if os.Getenv("CI") == "true" {
			t.Fatalf("this machine cannot run a sandbox, and CI has to: %q, %v", lacks, err)
		}
		fmt.Fprintf(os.Stderr, "\n*** %s DID NOT RUN: this machine cannot run a sandbox: %q, %v ***\n\n", t.Name(), lacks, err)
		t.Skip("no sandbox here")
	}
	l := New(Layout{State: shortFolder(t)}, parts.Machine{}, nil, &Progress{Out: io.Discard})
	l.host = anyPorts{}
	for _, dir := range []string{l.bin(), l.logs(), filepath.Join(l.State, "masks")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	binary := filepath.Join(l.bin(), "lab")
	if err := copyExecutable("/proc/self/exe", binary); err != nil {
		t.Fatal(err)
	}
	sockets, err := l.openSockets()
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll(sockets)
	server := func(name, address string) sandbox.Daemon {
		return sandbox.Daemon{Name: name, Args: []string{binary, "serve", name, address}, Log: l.Layout.log(name)}
	}
	plan, err := json.Marshal(sandbox.Plan{
		Network: node.Shape{}.Network(0), Masks: filepath.Join(l.State, "masks"), Handed: len(sockets),
		Daemons: []sandbox.Daemon{server("api", node.APIServer), server("images", registryAddress), l.relay(binary)},
	})
	if err != nil {
		t.Fatal(err)
	}
	file(t, l.daemons(), string(plan))
	if l.box, err = l.host.start(l.supervisor(), binary, l.superviseArgs(), l.Layout.log("supervisor"), sockets); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.box.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return l
}

// command is a command of `lab exec` that has printed where it listens.
func command(t *testing.T, l *Lab, role, name, address string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "exec", l.State, filepath.Join(l.bin(), "lab"), role, name, address)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return cmd, strings.TrimSpace(line)
}

// eventually waits until an address of this machine says something; "" is that
// nobody listens there.
func eventually(t *testing.T, address, want string) {
	t.Helper()
	err := wait.For(t.Context(), fmt.Sprintf("%s to say %q", address, want), 20*time.Second, 10*time.Millisecond, func(context.Context) error {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if want == "" && errors.Is(err, syscall.ECONNREFUSED) {
			return nil
		}
		if err != nil {
			return err
		}
		defer conn.Close()
		got, err := io.ReadAll(conn)
		if err == nil && (want == "" || string(got) != want) {
			err = fmt.Errorf("it says %q", got)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestThisMachineReachesWhatRunsInTheLab(t *testing.T) {
	l := newSandbox(t)
	reaches, err := l.reaches()
	if err != nil || len(reaches) != 2 {
		t.Fatalf("got %v and %v", reaches, err)
	}
	eventually(t, reaches[0].Address, "api")
	eventually(t, reaches[1].Address, "images")

	server, followed := command(t, l, "serve", "a server", "127.0.0.1:0")
	eventually(t, followed, "a server")
	page, printed := command(t, l, "page", "a page", "127.0.0.1:0")
	eventually(t, printed, "a page")
	opened, err := l.opened()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{followed, printed} {
		found := false
		for _, r := range opened {
			found = found || r.Address == address
		}
		if !found {
			t.Errorf("opened: got %v, want %s among them", opened, address)
		}
	}
	if want := (Reach{Name: fmt.Sprintf("process %d, run by `lab exec`", page.Process.Pid), Address: printed}); opened[0] != want && opened[1] != want {
		t.Errorf("opened: got %v, want %v among them", opened, want)
	}
	for _, cmd := range []*exec.Cmd{server, page} {
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, followed, "")
	eventually(t, printed, "")

	if err := l.box.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, reaches[0].Address, "")
	eventually(t, reaches[1].Address, "")
}

// What a command starts is its own: it finds no child that it does not know,
// for which it might wait, and keeps its exit code.
func TestACommandHasNoChildOfTheLabs(t *testing.T) {
	l := newSandbox(t)
	cmd := exec.Command("/proc/self/exe", "exec", l.State, "sh", "-c", "cat /proc/$$/task/$$/children; exit 7")
	out, err := cmd.CombinedOutput()
	exit, failed := errors.AsType[*exec.ExitError](err)
	// The one child is cat itself.
	if children := strings.Fields(string(out)); len(children) != 1 || !failed || exit.ExitCode() != 7 {
		t.Errorf("got %q and %v, want one child and exit code 7", out, err)
	}
	if err := l.host.endMarked(t.Context(), l.mark()); err != nil {
		t.Error(err)
	}
}

func TestOneFollowerIsEnough(t *testing.T) {
	l := newSandbox(t)
	script := fmt.Sprintf(`"$0" exec %s cat /proc/self/environ | tr '\0' '\n' | grep ^%s=; echo %s=$$`, l.State, commandVariable, commandVariable)
	out, err := exec.Command("/proc/self/exe", "exec", l.State, "sh", "-c", script, filepath.Join(l.bin(), "lab")).CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err != nil || len(lines) != 2 || lines[0] != lines[1] {
		t.Errorf("got %q and %v, want the command's own mark also in a command of the lab below it", out, err)
	}
}
