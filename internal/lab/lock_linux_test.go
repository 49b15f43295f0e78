package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/lab/sandbox"
	"istio-circuit-breaker/internal/wait"
)

// This test binary is also a second process: one that holds a lock until its
// stdin ends, one that is replaced by a command of the lab, and those that run
// in or beside a sandbox (see outside_linux_test.go).
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && roles[os.Args[1]] != nil {
		if err := roles[os.Args[1]](os.Args[2:]); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	switch file, layout := os.Getenv("LAB_TEST_LOCK"), os.Getenv("LAB_TEST_EXEC"); {
	case file != "":
		release, err := acquire(context.Background(), file, "up", func(string) {})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("locked")
		_, _ = io.Copy(io.Discard, os.Stdin)
		release()
		os.Exit(0)
	case layout != "":
		l := &Lab{Layout: Layout{State: layout}, host: &fakeHost{running: []box{&plainBox{}}}}
		fmt.Println(l.Exec(os.Args[1:]))
		os.Exit(1)
	}
	if err := os.Unsetenv(markVariable); err != nil { // of a lab that these tests are run in
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// plainBox runs commands where they are.
type plainBox struct{ fakeBox }

func (plainBox) Alive() bool                   { return true }
func (plainBox) Ending() bool                  { return false }
func (plainBox) Process() int                  { return 1 }
func (plainBox) Enter(args ...string) []string { return args }
func (plainBox) Stop(context.Context) error    { return nil }

// holder starts a process that holds the lock, and returns it with its stdin.
func holding(t *testing.T, file string) (*exec.Cmd, io.Closer) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "LAB_TEST_LOCK="+file)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close(); _ = cmd.Wait() }) // killed by some tests
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || line != "locked\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	return cmd, stdin
}

func TestASecondCommandWaitsAndSaysForWhom(t *testing.T) {
	tests := []struct {
		name string
		end  func(*exec.Cmd, io.Closer) error
	}{
		{"until the first is done", func(_ *exec.Cmd, stdin io.Closer) error { return stdin.Close() }},
		{"until the first is killed", func(cmd *exec.Cmd, _ io.Closer) error { return cmd.Process.Kill() }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "folder", "lab.lock")
			other, stdin := holding(t, file)
			notes := make(chan string, 1000)
			done := make(chan error, 1)
			go func() {
				release, err := acquire(t.Context(), file, "down", func(note string) { notes <- note })
				if err == nil {
					release()
				}
				done <- err
			}()
			want := fmt.Sprintf("waiting for `lab up`, process %d to end", other.Process.Pid)
			select {
			case note := <-notes:
				if note != want {
					t.Errorf("note: got %q, want %q", note, want)
				}
			case err := <-done:
				t.Fatalf("got the lock that another process holds (%v)", err)
			case <-time.After(20 * time.Second):
				t.Fatalf("no note, want %q", want)
			}
			select {
			case err := <-done:
				t.Fatalf("got the lock that another process holds (%v)", err)
			default:
			}
			if err := tt.end(other, stdin); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWaitingForTheLockCanBeStopped(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lab.lock")
	other, _ := holding(t, file)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := acquire(ctx, file, "up", func(string) { cancel() })
	want := fmt.Sprintf("the lock %q is held by `lab up`, process %d", file, other.Process.Pid)
	if err == nil || !strings.HasPrefix(err.Error(), "waiting for another lab command to end, ") || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want %q at its end", err, want)
	}
}

// `lab down` removes the file while it holds the lock: who waited for that file
// must not hold a lock that nobody else sees.
func TestALockWhoseFileIsRemovedIsTakenAnew(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lab.lock")
	_, stdin := holding(t, file)
	opened := make(chan struct{}, 1000)
	done := make(chan error, 1)
	go func() {
		_, err := acquire(t.Context(), file, "up", func(string) { opened <- struct{}{} })
		done <- err
	}()
	<-opened
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := acquire(ctx, file, "down", func(string) {}); err == nil {
		t.Error("two have the lock")
	}
}

func TestALockOnARemovedFileIsNone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lab.lock")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := lockOpen(f, file); err != nil {
		t.Errorf("while it is there: %v", err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := lockOpen(f, file); !errors.Is(err, errOtherFile) {
		t.Errorf("once it is removed: got %v", err)
	}
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := lockOpen(f, file); !errors.Is(err, errOtherFile) {
		t.Errorf("once another is in its place: got %v", err)
	}
}

func TestALockThatCannotBeOpenedFailsAtOnce(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/lab.lock", 0o755); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	_, err := acquire(t.Context(), dir+"/lab.lock", "up", func(string) {})
	if err == nil || !strings.HasPrefix(err.Error(), "opening the lab's lock: ") || time.Since(start) > time.Minute {
		t.Errorf("got %v after %s", err, time.Since(start))
	}
	if _, err := acquire(t.Context(), os.DevNull+"/lab.lock", "up", func(string) {}); err == nil || !strings.HasPrefix(err.Error(), "making the state folder: ") {
		t.Errorf("got %v", err)
	}
}

func TestHolderOfALockThatSaysNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lock")
	for _, content := range []string{"", " \n"} {
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := holder(file); got != "another lab command" {
			t.Errorf("of %q: got %q", content, got)
		}
	}
	if got := holder(file + ".missing"); got != "another lab command" {
		t.Errorf("got %q", got)
	}
}

func TestExecReplacesTheProcess(t *testing.T) {
	run := func(args ...string) (string, error) {
		cmd := exec.Command("/proc/self/exe", args...)
		cmd.Env = append(os.Environ(), "LAB_TEST_EXEC=/lab", "KUBECONFIG=mine")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := run("sh", "-c", "echo $KUBECONFIG $PULUMI_BACKEND_URL; exit 7")
	exit, failed := errors.AsType[*exec.ExitError](err)
	if want := "/lab/kubeconfig file:///lab/pulumi?metadata=skip\n"; out != want || !failed || exit.ExitCode() != 7 {
		t.Errorf("got %q and %v, want %q and the command's exit code 7", out, err, want)
	}
	if out, err := run("no-such-command"); err == nil || !strings.HasPrefix(out, "entering the lab: ") {
		t.Errorf("got %q and %v", out, err)
	}
}

// The host itself finds a sandbox by its file, and where that says nothing, by
// its process.
func TestTheHostFindsTheSupervisor(t *testing.T) {
	file := filepath.Join(t.TempDir(), "supervisor.pid")
	args := []string{fmt.Sprint(3_000_000 + os.Getpid())} // of no other run of this test
	sleeper := exec.Command("sleep", args...)
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sleeper.Process.Kill(); _ = sleeper.Wait() })
	// A process has no arguments for the moment in which its program is loaded.
	err := wait.For(t.Context(), "the process to have its arguments", 20*time.Second, time.Millisecond, func(context.Context) error {
		running, err := sandbox.Find(args)
		if err == nil && len(running) == 0 {
			err = errors.New("it has none")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var found sandbox.Sandbox
	for _, content := range []string{"", "{", `{"pid": 1, "started": "0", "boot": "x"}`} {
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		boxes, err := kernel{}.find(file, args)
		if err != nil || len(boxes) != 1 || boxes[0].Process() != sleeper.Process.Pid {
			t.Fatalf("with file %q: got %v and %v, want process %d", content, boxes, err, sleeper.Process.Pid)
		}
		found = boxes[0].(sandbox.Sandbox)
	}
	if err := found.Save(file); err != nil {
		t.Fatal(err)
	}
	if boxes, err := (kernel{}).find(file, []string{"other"}); err != nil || len(boxes) != 1 || boxes[0].(sandbox.Sandbox) != found {
		t.Errorf("by its file: got %v and %v", boxes, err)
	}
	if boxes, err := (kernel{}).find(file+".missing", []string{"other"}); err != nil || len(boxes) > 0 {
		t.Errorf("of which there is none: got %v and %v", boxes, err)
	}
}
