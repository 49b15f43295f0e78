package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"istio-circuit-breaker/internal/wait"
)

// cgroups is where the kernel's cgroup trees are.
type cgroups struct {
	mounts string // file that lists all mounts
	root   string // folder that the trees are below, or the one tree itself
	// write writes to one of the kernel's files.
	write func(file, data string) error
}

var machine = cgroups{mounts: "/proc/self/mounts", root: "/sys/fs/cgroup", write: func(file, data string) error {
	return os.WriteFile(file, []byte(data), 0o644)
}}

// hierarchies lists the mounted cgroup trees: one on a cgroup v2 machine, one
// a controller on v1 and hybrid ones.
func (c cgroups) hierarchies() ([]string, error) {
	mounts, err := os.ReadFile(c.mounts)
	if err != nil {
		return nil, fmt.Errorf("listing cgroup mounts: %w", err)
	}
	var found []string
	for line := range strings.Lines(string(mounts)) {
		f := strings.Fields(line)
		if len(f) > 2 && (f[2] == "cgroup" || f[2] == "cgroup2") && strings.HasPrefix(f[1]+"/", c.root+"/") {
			found = append(found, f[1])
		}
	}
	return found, nil
}

// CgroupVersion says which kind of cgroups this machine has: "v1", "v2" or
// "hybrid". Its error says why none can be made.
func CgroupVersion() (string, error) { return machine.version() }

func (c cgroups) version() (string, error) {
	roots, err := c.hierarchies()
	if err != nil {
		return "", err
	}
	if len(roots) == 0 {
		return "", fmt.Errorf("no cgroups are mounted below %s", c.root)
	}
	kind := "v1"
	for _, root := range roots {
		if err := unix.Access(root, unix.W_OK); err != nil {
			return "", fmt.Errorf("%s cannot be written to: %w", root, err)
		}
		if _, err := os.Stat(filepath.Join(root, "cgroup.controllers")); err == nil {
			if kind = "hybrid"; root == c.root {
				kind = "v2"
			}
		}
	}
	return kind, nil
}

// CreateCgroup makes the cgroup name in every hierarchy, with the controllers
// that pods need.
func CreateCgroup(name string) error { return machine.create(name) }

func (c cgroups) create(name string) error {
	roots, err := c.hierarchies()
	if err != nil {
		return err
	}
	if len(roots) == 0 {
		return fmt.Errorf("making cgroup: none are mounted below %s", c.root)
	}
	for _, root := range roots {
		dir := filepath.Join(root, name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("making cgroup: %w", err)
		}
		// v1: an empty cpuset lets no process in.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			if value, err := os.ReadFile(filepath.Join(root, file)); err == nil && root != c.root {
				if err := os.WriteFile(filepath.Join(dir, file), value, 0o644); err != nil {
					return fmt.Errorf("setting %s of cgroup %q: %w", file, name, err)
				}
			}
		}
		if root == c.root {
			if err := c.handOn(root, dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// TryCgroups makes a cgroup as CreateCgroup does, and removes it again: whether
// this machine lets us is known by nothing else.
func TryCgroups() error {
	return machine.try(fmt.Sprintf("istio-circuit-breaker-lab-try-%d", os.Getpid()))
}

func (c cgroups) try(name string) error {
	return errors.Join(c.create(name), c.remove(name))
}

// Cgroups lists the folders of the cgroup name, one in each hierarchy that has
// it.
func Cgroups(name string) ([]string, error) { return machine.list(name) }

func (c cgroups) list(name string) ([]string, error) {
	roots, err := c.hierarchies()
	if err != nil {
		return nil, err
	}
	var found []string
	for _, root := range roots {
		if dir := filepath.Join(root, name); isDir(dir) {
			found = append(found, dir)
		}
	}
	return found, nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// RemoveCgroup removes the cgroup name and those below it from every
// hierarchy. Its processes must have been killed; for the kernel to be done
// with them it waits.
func RemoveCgroup(ctx context.Context, name string) error {
	return wait.For(ctx, "cgroup "+name+" to be empty", 30*time.Second, 20*time.Millisecond, func(context.Context) error {
		return machine.remove(name)
	})
}

func (c cgroups) remove(name string) error {
	found, err := c.list(name)
	if err != nil {
		return err
	}
	var first error // one tells why; there are as many as folders
	for _, top := range found {
		var dirs []string
		_ = filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				dirs = append(dirs, path)
			}
			return nil // what has gone meanwhile needs no removal
		})
		for i := len(dirs) - 1; i >= 0; i-- { // deepest first
			if err := syscall.Rmdir(dirs[i]); err != nil && !errors.Is(err, syscall.ENOENT) && first == nil {
				first = fmt.Errorf("removing cgroup %q: %w", dirs[i], err)
			}
		}
	}
	if first == nil {
		first = c.giveBack()
	}
	return first
}
