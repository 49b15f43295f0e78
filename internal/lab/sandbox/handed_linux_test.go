package sandbox

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
)

// answersHere says whether the daemon does at the socket of this machine that
// it inherited.
func (tr trial) answersHere() error {
	conn, err := net.DialTimeout("tcp", tr.here, within)
	if err != nil {
		return err
	}
	defer conn.Close()
	said, err := io.ReadAll(conn)
	if err == nil && string(said) != "hello" {
		err = fmt.Errorf("it says %q", said)
	}
	return err
}

func TestADaemonAnswersAtASocketOfThisMachine(t *testing.T) {
	tr := try(t)
	if err := tr.answersHere(); err != nil {
		t.Error(err)
	}
	if got, want := read(t, tr.dir+"/inherited"), "3 socket"; got != want {
		t.Errorf("the daemon inherits %q, want %q and nothing else", got, want)
	}
	// Whoever connects between two lives of the daemon is answered by the second.
	pids := tr.processes(t, "daemon")
	if len(pids) != 1 {
		t.Fatalf("got processes %v, want one daemon", pids)
	}
	if err := syscall.Kill(pids[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	until(t, "the daemon that is started again to answer", tr.answersHere)
}

func TestASocketOfThisMachineIsGoneWithTheSupervisor(t *testing.T) {
	tr := try(t)
	if err := syscall.Kill(tr.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	until(t, tr.here+" to be closed", func() error {
		err := tr.answersHere()
		if errors.Is(err, syscall.ECONNREFUSED) {
			return nil
		}
		if err == nil {
			err = errors.New("it answers")
		}
		return err
	})
}

func TestTheHostsNetworkIsFoundThroughTheSupervisor(t *testing.T) {
	tr := try(t)
	want, err := os.Stat("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.Stat(tr.HostNetwork()); err != nil || !os.SameFile(want, got) {
		t.Errorf("%s: got %v, want this process's network", tr.HostNetwork(), err)
	}
	if got, err := os.Stat(tr.NetworkNamespace()); err != nil || os.SameFile(want, got) {
		t.Errorf("%s: got %v, want another network", tr.NetworkNamespace(), err)
	}
}
