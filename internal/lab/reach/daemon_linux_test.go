package reach

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// Sockets that a process was started with are relayed in their order; none left
// out.
func TestInheritedSocketsAreRelayed(t *testing.T) {
	one := serve(t, func(conn *net.TCPConn) { fmt.Fprint(conn, "one") })
	two := serve(t, func(conn *net.TCPConn) { fmt.Fprint(conn, "two") })
	cmd := exec.Command("/proc/self/exe", one, two)
	cmd.Env, cmd.Stderr = append(os.Environ(), "REACH_TEST=inherited"), os.Stderr
	var addresses []string
	for range 2 {
		listener := listen(t)
		file, err := listener.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		listener.Close()
		cmd.ExtraFiles, addresses = append(cmd.ExtraFiles, file), append(addresses, listener.Addr().String())
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	saying(t, addresses[0], "one")
	saying(t, addresses[1], "two")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
}

func TestSocketsThatWereNotInherited(t *testing.T) {
	cmd := exec.Command("/proc/self/exe", "127.0.0.1:1")
	cmd.Env = append(os.Environ(), "REACH_TEST=inherited")
	out, err := cmd.Output()
	if err == nil || !strings.HasPrefix(string(out), `taking the socket of what is relayed to "127.0.0.1:1": `) {
		t.Errorf("got %q and %v", out, err)
	}
}
