package sandbox

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree is a folder that looks like /sys/fs/cgroup with the given mounts, which
// are written as in /proc/self/mounts with ROOT for the folder, and files.
func tree(t *testing.T, mounts string, files map[string]string) cgroups {
	t.Helper()
	dir := t.TempDir()
	c := cgroups{mounts: filepath.Join(dir, "mounts"), root: filepath.Join(dir, "cgroup"), write: machine.write}
	write(t, c.mounts, strings.ReplaceAll(mounts, "ROOT", c.root))
	for name, content := range files {
		file := filepath.Join(c.root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, file, content)
	}
	return c
}

const (
	mountsV1 = `tmpfs ROOT tmpfs rw 0 0
cgroup ROOT/cpuset cgroup rw,cpuset 0 0
cgroup ROOT/memory cgroup rw,memory 0 0
cgroup /elsewhere/memory cgroup rw,memory 0 0
`
	mountsHybrid = mountsV1 + "cgroup2 ROOT/unified cgroup2 rw 0 0\n"
	mountsV2     = "sysfs /sys sysfs rw 0 0\ncgroup2 ROOT cgroup2 rw 0 0\n"
)

// filesOf are those of each kind's root, as far as the lab looks at them.
func filesOf(kind string) map[string]string {
	files := map[string]string{}
	if kind != "v2" {
		files = map[string]string{"cpuset/cpuset.cpus": "0-1\n", "cpuset/cpuset.mems": "0\n", "memory/tasks": ""}
	}
	switch kind {
	case "hybrid":
		files["unified/cgroup.controllers"] = "\n"
	case "v2":
		files["cgroup.controllers"] = "cpuset cpu io memory hugetlb pids rdma misc\n"
	}
	return files
}

func TestCgroupsOfEachKind(t *testing.T) {
	tests := []struct {
		kind, mounts string
		want         map[string]string // what create writes
	}{
		{"v1", mountsV1, map[string]string{
			"cpuset/lab": "", "cpuset/lab/cpuset.cpus": "0-1\n", "cpuset/lab/cpuset.mems": "0\n", "memory/lab": "",
		}},
		{"hybrid", mountsHybrid, map[string]string{
			"cpuset/lab": "", "cpuset/lab/cpuset.cpus": "0-1\n", "cpuset/lab/cpuset.mems": "0\n", "memory/lab": "", "unified/lab": "",
		}},
		// The kernel takes each write to this file as one more controller.
		{"v2", mountsV2, map[string]string{
			"cgroup.subtree_control": "+hugetlb", "lab": "", "lab/cgroup.subtree_control": "+hugetlb",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.kind, func(t *testing.T) {
			c := tree(t, tt.mounts, filesOf(tt.kind))
			if kind, err := c.version(); err != nil || kind != tt.kind {
				t.Errorf("version: got %q and %v, want %q", kind, err, tt.kind)
			}
			if left, err := c.list("lab"); err != nil || len(left) > 0 {
				t.Errorf("before: got %q and %v, want none", left, err)
			}
			before := everything(t, c.root)
			for range 2 { // the second finds all there
				if err := c.create("lab"); err != nil {
					t.Fatal(err)
				}
			}
			made := everything(t, c.root)
			for name := range before {
				delete(made, name)
			}
			if diff := cmp.Diff(tt.want, made); diff != "" {
				t.Errorf("made (-want +got):\n%s", diff)
			}
			// Pods' cgroups lie below; the kernel's files go with their folder.
			for name, content := range made {
				if content != "" && strings.Contains(name, "lab/") {
					if err := os.Remove(filepath.Join(c.root, name)); err != nil {
						t.Fatal(err)
					}
				}
			}
			left, err := c.list("lab")
			if err != nil || len(left) == 0 {
				t.Fatalf("made: got %q and %v", left, err)
			}
			for _, dir := range left {
				if err := os.MkdirAll(filepath.Join(dir, "kubepods", "pod1"), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 { // the second finds nothing
				if err := c.remove("lab"); err != nil {
					t.Fatal(err)
				}
			}
			if left, err := c.list("lab"); err != nil || len(left) > 0 {
				t.Errorf("after: got %q and %v, want none", left, err)
			}
		})
	}
}

// everything is what is in a folder: files with their content, folders empty.
func everything(t *testing.T, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	if err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if found[name] = ""; err == nil && !entry.IsDir() {
			found[name] = read(t, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestACgroupThatIsInUseIsNamed(t *testing.T) {
	c := tree(t, mountsV1, filesOf("v1"))
	if err := c.create("lab"); err != nil {
		t.Fatal(err)
	}
	// A file of ours in it stands for a process: the folder cannot be removed.
	err := c.remove("lab")
	if want := `removing cgroup "` + c.root + `/cpuset/lab": `; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
	if left, err := c.list("lab"); err != nil || len(left) != 1 {
		t.Errorf("left: got %q and %v, want the one that is in use", left, err)
	}
}

func TestAMachineWithoutCgroups(t *testing.T) {
	c := tree(t, "sysfs /sys sysfs rw 0 0\n", nil)
	if err := c.create("lab"); err == nil || !strings.Contains(err.Error(), "none are mounted below "+c.root) {
		t.Errorf("create: got %v", err)
	}
	if _, err := c.version(); err == nil || !strings.Contains(err.Error(), "no cgroups are mounted below "+c.root) {
		t.Errorf("version: got %v", err)
	}
	if err := c.remove("lab"); err != nil {
		t.Errorf("remove, of which there is nothing to do: %v", err)
	}
}
