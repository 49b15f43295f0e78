package sandbox

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const cgroupRoot = "/sys/fs/cgroup"

// hierarchies lists the mounted cgroup trees: one on a cgroup v2 machine, one
// a controller on v1 and hybrid ones.
func hierarchies() ([]string, error) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, fmt.Errorf("listing cgroup mounts: %w", err)
	}
	var found []string
	for line := range strings.Lines(string(mounts)) {
		f := strings.Fields(line)
		if len(f) > 2 && (f[2] == "cgroup" || f[2] == "cgroup2") && strings.HasPrefix(f[1], cgroupRoot) {
			found = append(found, f[1])
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("listing cgroup mounts: none below %s", cgroupRoot)
	}
	return found, nil
}

// CreateCgroup makes the cgroup name in every hierarchy, with the controllers
// that pods need.
func CreateCgroup(name string) error {
	roots, err := hierarchies()
	if err != nil {
		return err
	}
	for _, root := range roots {
		dir := filepath.Join(root, name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("making cgroup: %w", err)
		}
		// v1: an empty cpuset lets no process in.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			if value, err := os.ReadFile(filepath.Join(root, file)); err == nil && root != cgroupRoot {
				if err := os.WriteFile(filepath.Join(dir, file), value, 0o644); err != nil {
					return fmt.Errorf("setting %s of cgroup %q: %w", file, name, err)
				}
			}
		}
		// v2: children get a controller only where the parent hands it on.
		if controllers, err := os.ReadFile(filepath.Join(root, "cgroup.controllers")); err == nil && root == cgroupRoot {
			for _, c := range strings.Fields(string(controllers)) {
				for _, d := range []string{root, dir} {
					if err := os.WriteFile(filepath.Join(d, "cgroup.subtree_control"), []byte("+"+c), 0o644); err != nil {
						return fmt.Errorf("handing cgroup controller %s on in %q: %w", c, d, err)
					}
				}
			}
		}
	}
	return nil
}

// RemoveCgroup removes the cgroup name and those below it from every
// hierarchy. The error names the first that still holds processes.
func RemoveCgroup(name string) error {
	roots, err := hierarchies()
	if err != nil {
		return err
	}
	for _, root := range roots {
		var dirs []string
		err := filepath.WalkDir(filepath.Join(root, name), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				dirs = append(dirs, path)
			}
			return nil // what has gone meanwhile needs no removal
		})
		if err != nil {
			return fmt.Errorf("listing cgroups: %w", err)
		}
		for i := len(dirs) - 1; i >= 0; i-- { // deepest first
			if err := syscall.Rmdir(dirs[i]); err != nil && err != syscall.ENOENT {
				return fmt.Errorf("removing cgroup %q: %w", dirs[i], err)
			}
		}
	}
	return nil
}
