package sandbox

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// This test binary is also what the tests start: the supervisor, its daemons,
// the probe, and a command that takes the sandbox's commands down.
func TestMain(m *testing.M) {
	if len(os.Args) < 3 {
		os.Exit(m.Run())
	}
	var err error
	switch role, arg := os.Args[1], os.Args[2]; role {
	case "supervise":
		err = Supervise(arg)
	case "daemon":
		err = daemon(arg)
	case "greet":
		l, listenErr := net.Listen("tcp", arg)
		if err = listenErr; err == nil {
			err = greet(l)
		}
	case "probe":
		for _, lacks := range Probe(arg) {
			fmt.Println(lacks)
		}
	case "end-marked":
		err = EndMarked(context.Background(), arg)
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// daemonAddress is where each test's daemon listens, in a network of its own.
const daemonAddress = "127.0.0.1:7000"

// daemon notes what it sees in dir, leaves an orphan behind, and serves, also on
// the socket that it inherits.
func daemon(dir string) error {
	starts, err := os.OpenFile(filepath.Join(dir, "starts"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	fmt.Fprintf(starts, "started with %q\n", os.Getenv("DAEMON"))
	starts.Close()
	if err := os.WriteFile(filepath.Join(dir, "environ"), []byte(strings.Join(os.Environ(), "\n")), 0o666); err != nil {
		return err
	}
	if err := exec.Command("sh", "-c", "sh -c 'exit 7' & exit 0").Run(); err != nil {
		return err
	}
	sees := ""
	for _, file := range []string{dir + "/covered/file", dir + "/emptied/file", "/proc/sys/vm/overcommit_memory", "/proc/sys/kernel/panic", "/proc/sys/net/ipv4/ip_forward"} {
		content, err := os.ReadFile(file)
		if err != nil {
			content = []byte("missing\n")
		}
		sees += string(content)
	}
	if err := os.WriteFile(filepath.Join(dir, "sees"), []byte(sees), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "inherited"), []byte(inherited()), 0o644); err != nil {
		return err
	}
	l, err := net.Listen("tcp", daemonAddress)
	if err != nil {
		return err
	}
	handed, err := net.FileListener(os.NewFile(3, "handed"))
	if err != nil {
		return err
	}
	go func() { _ = greet(handed) }()
	return greet(l)
}

// greet says hello to whoever connects.
func greet(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		fmt.Fprint(conn, "hello")
		conn.Close()
	}
}

// inherited lists the sockets and namespaces that this process was started with.
func inherited() string {
	var found []string
	for fd := range 100 {
		target, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		if kind, _, ok := strings.Cut(target, ":["); err == nil && ok && kind != "anon_inode" { // Go's own
			found = append(found, fmt.Sprint(fd, " ", kind))
		}
	}
	return strings.Join(found, "\n")
}

// needsSandbox ends a test that this machine cannot run: without root, in a
// container that must not make namespaces, or without iproute2. CI must be able
// to.
func needsSandbox(t *testing.T) {
	t.Helper()
	lacks, err := StartProbe(t.Context(), "/proc/self/exe", []string{"probe", t.TempDir()})
	if err == nil && len(lacks) > 0 {
		err = fmt.Errorf("the kernel lacks %q", lacks)
	}
	if err == nil {
		_, err = exec.LookPath("ip")
	}
	if err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("this machine cannot run a sandbox, and CI has to: %v", err)
	}
	fmt.Fprintf(os.Stderr, "\n*** %s DID NOT RUN: this machine cannot run a sandbox: %v ***\n\n", t.Name(), err)
	t.Skip("no sandbox here")
}

// within is the limit for what takes the kernel milliseconds.
const within = 20 * time.Second
