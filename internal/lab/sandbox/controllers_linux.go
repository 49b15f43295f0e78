package sandbox

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// controllers are those that the lab hands on to its pods on cgroup v2, where
// the machine has them: what the kubelet asks for (getSupportedUnifiedControllers
// in its pkg/kubelet/cm/cgroup_v2_manager_linux.go), which takes one that the
// machine has and a pod's cgroup lacks for a mistake. The first it cannot do
// without (a kernel for one processor has no cpuset). All others stay as they are.
var controllers = []string{"cpu", "memory", "pids", "cpuset", "hugetlb"}

const neededControllers = 2 // of them

// aside is the cgroup that the processes of a container's topmost one are moved
// to. A cgroup that hands controllers on holds no processes; the machine's own
// topmost one is excepted, that of a cgroup namespace is not.
const aside = "istio-circuit-breaker-aside"

// handOn hands the controllers on from the topmost cgroup root to the children
// of its child dir.
func (c cgroups) handOn(root, dir string) error {
	has, err := os.ReadFile(filepath.Join(root, "cgroup.controllers"))
	if err != nil {
		return fmt.Errorf("reading which cgroup controllers there are: %w", err)
	}
	there := strings.Fields(string(has))
	for i, controller := range controllers {
		if !slices.Contains(there, controller) {
			if i < neededControllers {
				return fmt.Errorf("handing cgroup controllers on: %q lacks %s", root, controller)
			}
			continue
		}
		for _, d := range []string{root, dir} {
			if err := c.handOne(d, controller); err != nil {
				return fmt.Errorf("handing cgroup controller %s on in %q: %w", controller, d, err)
			}
		}
	}
	return nil
}

// handOne hands one controller on. Processes that are in the way in the topmost
// cgroup are moved, more than once where they start others meanwhile.
func (c cgroups) handOne(dir, controller string) error {
	file := filepath.Join(dir, "cgroup.subtree_control")
	err := c.write(file, "+"+controller)
	for tries := 0; errors.Is(err, syscall.EBUSY) && dir == c.root && tries < 10; tries++ {
		if err := os.MkdirAll(filepath.Join(c.root, aside), 0o755); err != nil {
			return err
		}
		if err := c.move(c.root, filepath.Join(c.root, aside)); err != nil {
			return err
		}
		err = c.write(file, "+"+controller)
	}
	return err
}

// move moves all processes from one cgroup to another.
func (c cgroups) move(from, to string) error {
	content, err := os.ReadFile(filepath.Join(from, "cgroup.procs"))
	if err != nil {
		return err
	}
	for _, pid := range strings.Fields(string(content)) {
		if pid == "0" {
			return errors.New("a process of another pid namespace is in it, which cannot be moved")
		}
		if err := c.write(filepath.Join(to, "cgroup.procs"), pid); err != nil && !errors.Is(err, syscall.ESRCH) { // it has ended
			return fmt.Errorf("moving process %s to %q: %w", pid, to, err)
		}
	}
	return nil
}

// giveBack moves the processes back that handOne has moved, unless somebody else
// still needs them where they are: another lab, or another container's engine.
func (c cgroups) giveBack() error {
	dir := filepath.Join(c.root, aside)
	if !isDir(dir) {
		return nil
	}
	for _, controller := range controllers {
		err := c.write(filepath.Join(c.root, "cgroup.subtree_control"), "-"+controller)
		if errors.Is(err, syscall.EBUSY) {
			return nil
		}
		if err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOENT) { // not there
			return fmt.Errorf("taking cgroup controller %s back: %w", controller, err)
		}
	}
	if err := c.move(dir, c.root); err != nil {
		return fmt.Errorf("moving processes back: %w", err)
	}
	if err := syscall.Rmdir(dir); err != nil {
		return fmt.Errorf("removing cgroup %q: %w", dir, err)
	}
	return nil
}

// MemoryLimit is how much memory the cgroup lets its processes have that this
// process sees as the topmost: a container's limit, in bytes. It is beyond all
// measure where there is none.
func MemoryLimit() uint64 { return machine.memoryLimit() }

func (c cgroups) memoryLimit() uint64 {
	for _, file := range []string{"memory.max", "memory/memory.limit_in_bytes"} {
		content, err := os.ReadFile(filepath.Join(c.root, file))
		if err != nil {
			continue
		}
		if limit, err := strconv.ParseUint(strings.TrimSpace(string(content)), 10, 64); err == nil {
			return limit
		}
	}
	return math.MaxUint64
}
