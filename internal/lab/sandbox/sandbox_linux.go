package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"istio-circuit-breaker/internal/network"
	"istio-circuit-breaker/internal/wait"
)

// Sandbox is a running sandbox, known by its supervisor.
type Sandbox struct {
	PID     int    `json:"pid"`     // of the supervisor, in the host's numbers
	Started string `json:"started"` // its start time in clock ticks since boot, so that a reused pid is not taken for it
	Boot    string `json:"boot"`    // the kernel's boot id
}

const namespaces = unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWIPC

// Start runs `binary args...` as the first process of new namespaces; it is
// expected to call Supervise. What it prints goes to logFile. It holds the
// caller's network open (see HostNetwork) and the files that it is handed, for
// itself and for those of its daemons that inherit them.
func Start(binary string, args []string, logFile string, handed ...*os.File) (Sandbox, error) {
	boot, err := bootID()
	if err != nil {
		return Sandbox{}, err
	}
	log, err := OpenLog(logFile)
	if err != nil {
		return Sandbox{}, fmt.Errorf("opening the supervisor's log: %w", err)
	}
	defer log.Close()
	here, err := os.Open("/proc/self/ns/net")
	if err != nil {
		return Sandbox{}, fmt.Errorf("opening this machine's network: %w", err)
	}
	defer here.Close()
	cmd := exec.Command(binary, args...)
	cmd.Stdout, cmd.Stderr, cmd.Dir, cmd.Env = log, log, "/", keptOf(os.Environ())
	cmd.ExtraFiles = append([]*os.File{here}, handed...) // from hostNetwork on
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: namespaces,
		Setsid:     true,
	}
	if err := cmd.Start(); err != nil {
		return Sandbox{}, fmt.Errorf("starting the lab's supervisor: %w", err)
	}
	started, err := startTime(cmd.Process.Pid)
	go func() { _ = cmd.Wait() }() // reaped if it ends while this process lives
	if err != nil {
		return Sandbox{}, fmt.Errorf("starting the lab's supervisor, see %q: %w", logFile, err)
	}
	return Sandbox{PID: cmd.Process.Pid, Started: started, Boot: boot}, nil
}

// Save writes s to file, wholly or not at all; Load reads it back. Load
// returns a zero Sandbox, which is not alive, where the file is missing.
func (s Sandbox) Save(file string) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := WriteFile(file, data, 0o644); err != nil {
		return fmt.Errorf("keeping the supervisor's process: %w", err)
	}
	return nil
}

// Load reads what Save wrote.
func Load(file string) (Sandbox, error) {
	var s Sandbox
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("decoding %q: %w", file, err)
	}
	return s, nil
}

// Alive says whether the supervisor still runs: the same process, since the
// same boot.
func (s Sandbox) Alive() bool {
	if s.PID == 0 {
		return false
	}
	boot, err := bootID()
	if err != nil || boot != s.Boot {
		return false
	}
	started, err := startTime(s.PID)
	return err == nil && started == s.Started
}

// Ending says whether the supervisor is ending, or has ended: nothing can be done in
// the sandbox any more. One that was killed is Alive for seconds yet, as long as the
// kernel ends the other processes.
func (s Sandbox) Ending() bool {
	if !s.Alive() {
		return true
	}
	fields, err := stat(s.PID)
	if err != nil || fields[0] == "Z" {
		return true
	}
	flags, err := strconv.ParseUint(fields[6], 10, 64)
	return err == nil && flags&exiting != 0
}

// exiting is the kernel's PF_EXITING (include/linux/sched.h), a flag that
// /proc/PID/stat shows.
const exiting = 0x4

// Process is the supervisor's process id.
func (s Sandbox) Process() int { return s.PID }

// Stop ends the supervisor and with it every process of the sandbox, and waits
// until the kernel has done so. It is asked first, for the daemons whose data
// outlives the sandbox, and killed if it takes longer than they are given.
func (s Sandbox) Stop(ctx context.Context) error {
	if s.signal(ctx, syscall.SIGTERM, stopLimit+2*time.Second) == nil {
		return nil
	}
	return s.signal(ctx, syscall.SIGKILL, 30*time.Second)
}

// Reload has the supervisor look which daemons are to run, see Daemon.Off.
func (s Sandbox) Reload() error {
	if err := syscall.Kill(s.PID, syscall.SIGHUP); err != nil {
		return fmt.Errorf("telling the supervisor, process %d: %w", s.PID, err)
	}
	return nil
}

// signal sends the supervisor a signal and waits for its end.
func (s Sandbox) signal(ctx context.Context, sig syscall.Signal, limit time.Duration) error {
	if !s.Alive() {
		return nil
	}
	if err := syscall.Kill(s.PID, sig); err != nil && err != syscall.ESRCH {
		return fmt.Errorf("ending the supervisor, process %d: %w", s.PID, err)
	}
	return wait.For(ctx, "the lab's processes to end", limit, 50*time.Millisecond, func(context.Context) error {
		if s.Alive() {
			return fmt.Errorf("process %d is still there", s.PID)
		}
		return nil
	})
}

// EndMarked ends what Marked lists: commands that were run inside of the
// sandbox's network and would keep it in being. They are asked first.
func EndMarked(ctx context.Context, entry string) error {
	signal := func(sig syscall.Signal, limit time.Duration) error {
		return wait.For(ctx, "the commands in the lab's network to end", limit, 50*time.Millisecond, func(context.Context) error {
			pids, err := Marked(entry)
			if err != nil || len(pids) == 0 {
				return err
			}
			for _, pid := range pids {
				_ = syscall.Kill(pid, sig) // what has ended meanwhile is what we want
			}
			return fmt.Errorf("still there: %v", pids)
		})
	}
	if signal(syscall.SIGTERM, 3*time.Second) == nil {
		return nil
	}
	return signal(syscall.SIGKILL, 10*time.Second)
}

// NetworkNamespace is the file by which the sandbox's network can be entered.
func (s Sandbox) NetworkNamespace() string { return fmt.Sprintf("/proc/%d/ns/net", s.PID) }

// hostNetwork is the supervisor's descriptor of the network that Start was
// called in; those of the files that it was handed follow.
const hostNetwork = 3

// HostNetwork is the file by which the network that Start was called in can be
// entered, as long as the supervisor runs.
func (s Sandbox) HostNetwork() string { return fmt.Sprintf("/proc/%d/fd/%d", s.PID, hostNetwork) }

// Enter returns the arguments that run args inside of the sandbox's network,
// with the host's files and process ids. nsenter and not `ip netns exec`, which
// mounts another /sys and hides the cgroups.
func (s Sandbox) Enter(args ...string) []string {
	return append([]string{"nsenter", "--net=" + s.NetworkNamespace(), "--"}, args...)
}

// Leave returns the arguments that run args in the network that Start was
// called in, also from inside of the sandbox's.
func (s Sandbox) Leave(args ...string) []string {
	return append([]string{"nsenter", "--net=" + s.HostNetwork(), "--"}, args...)
}

// Dial connects to a numeric address inside of the sandbox's network.
func (s Sandbox) Dial(address string, limit time.Duration) (net.Conn, error) {
	var conn net.Conn
	err := network.In(s.NetworkNamespace(), func() (err error) {
		conn, err = net.DialTimeout("tcp", address, limit)
		return err
	})
	return conn, err
}
