package lab

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"istio-circuit-breaker/internal/lab/reach"
	"istio-circuit-breaker/internal/lab/sandbox"
	"istio-circuit-breaker/internal/network"
)

// host is what the lab asks of the kernel of its machine. Commands go through
// a runner.Runner; tests have a host of their own.
type host interface {
	facts(disk string) (facts, error)
	// probe lists what the kernel lacks.
	probe(ctx context.Context, disks []string) ([]string, error)
	// find returns the sandboxes that run: the one that file tells of, else any
	// whose supervisor has these arguments.
	find(file string, args []string) ([]box, error)
	// start starts a sandbox and keeps it in file.
	start(file, binary string, args []string, log string, handed []*os.File) (box, error)
	// ports lists those that processes listen on in the network of a file.
	ports(network string, pids []int) ([]reach.Port, error)
	// listen listens at a numeric address and returns the one that it has got.
	listen(address string) (*os.File, string, error)
	// marked lists the processes that have entry in their environment.
	marked(entry string) ([]int, error)
	endMarked(ctx context.Context, entry string) error
	cgroups(name string) ([]string, error)
	// tryCgroups makes one as the lab needs it, and removes it again.
	tryCgroups() error
	createCgroup(name string) error
	removeCgroup(ctx context.Context, name string) error
}

// box is a running sandbox.
type box interface {
	Alive() bool
	Ending() bool // it is of no use any more, though it may be alive
	Process() int // of its supervisor
	Stop(context.Context) error
	Reload() error
	Enter(args ...string) []string
	Dial(address string, limit time.Duration) (net.Conn, error)
	HostNetwork() string // a file
	Leave(args ...string) []string
}

// facts are what a machine has.
type facts struct {
	kernel      string
	user        int    // effective user id
	memory      uint64 // bytes, of the machine or of the container that this is
	free        uint64 // bytes on the disk that was asked for
	device      uint64 // which disk that is
	readOnly    bool
	noExec      bool
	cgroups     string // "v1", "v2" or "hybrid"
	cgroupError error  // why there can be no cgroups
}

// kernel is the host itself.
type kernel struct{}

func (kernel) facts(disk string) (facts, error) {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return facts{}, fmt.Errorf("asking for the memory: %w", err)
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(disk, &fs); err != nil {
		return facts{}, fmt.Errorf("asking for the space below %q: %w", disk, err)
	}
	var file unix.Stat_t
	if err := unix.Stat(disk, &file); err != nil {
		return facts{}, fmt.Errorf("looking at %q: %w", disk, err)
	}
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return facts{}, fmt.Errorf("asking for the kernel's version: %w", err)
	}
	f := facts{
		kernel: unix.ByteSliceToString(name.Release[:]), user: os.Geteuid(),
		memory: min(info.Totalram*uint64(info.Unit), sandbox.MemoryLimit()),
		free:   fs.Bavail * uint64(fs.Bsize), device: file.Dev,
		readOnly: fs.Flags&unix.ST_RDONLY != 0, noExec: fs.Flags&unix.ST_NOEXEC != 0,
	}
	f.cgroups, f.cgroupError = sandbox.CgroupVersion()
	return f, nil
}

func (kernel) probe(ctx context.Context, disks []string) ([]string, error) {
	return sandbox.StartProbe(ctx, "/proc/self/exe", append([]string{ProbeCommand}, disks...))
}

func (kernel) find(file string, args []string) ([]box, error) {
	// A file that was cut off or written by hand tells nothing, which is no
	// reason not to look further.
	if saved, err := sandbox.Load(file); err == nil && saved.Alive() {
		return []box{saved}, nil
	}
	running, err := sandbox.Find(args)
	if err != nil {
		return nil, fmt.Errorf("looking for a running lab: %w", err)
	}
	var boxes []box
	for _, s := range running {
		boxes = append(boxes, s)
	}
	return boxes, nil
}

func (kernel) start(file, binary string, args []string, log string, handed []*os.File) (box, error) {
	s, err := sandbox.Start(binary, args, log, handed...)
	if err != nil {
		return nil, err
	}
	return s, s.Save(file)
}

func (kernel) listen(address string) (*os.File, string, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, "", err
	}
	defer l.Close() // the file is a copy
	file, err := l.(*net.TCPListener).File()
	return file, l.Addr().String(), err
}

func (kernel) ports(file string, pids []int) (ports []reach.Port, err error) {
	err = network.In(file, func() (err error) {
		ports, err = reach.Ports(pids)
		return err
	})
	return ports, err
}

func (kernel) marked(entry string) ([]int, error) { return sandbox.Marked(entry) }

func (kernel) endMarked(ctx context.Context, entry string) error {
	return sandbox.EndMarked(ctx, entry)
}

func (kernel) cgroups(name string) ([]string, error) { return sandbox.Cgroups(name) }
func (kernel) tryCgroups() error                     { return sandbox.TryCgroups() }
func (kernel) createCgroup(name string) error        { return sandbox.CreateCgroup(name) }

func (kernel) removeCgroup(ctx context.Context, name string) error {
	return sandbox.RemoveCgroup(ctx, name)
}
