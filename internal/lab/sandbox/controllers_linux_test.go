package sandbox

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fakeV2 is a kernel's cgroup v2 as a container sees it: a cgroup that holds
// processes hands no controllers on, not even the topmost. Processes are in
// files, as the kernel shows them.
type fakeV2 struct {
	t      *testing.T
	root   string
	handed map[string][]string // controllers, by folder
	forks  int                 // processes that are started while others are moved
}

func (k *fakeV2) procs(dir string) []string {
	content, _ := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	return strings.Fields(string(content))
}

// put writes a folder's processes; the file of none is gone, so that the folder
// can be removed as a real one can.
func (k *fakeV2) put(dir string, pids []string) {
	file := filepath.Join(dir, "cgroup.procs")
	if len(pids) == 0 && dir != k.root {
		_ = os.Remove(file)
		return
	}
	write(k.t, file, strings.Join(pids, "\n")+"\n")
}

func (k *fakeV2) write(file, data string) error {
	dir := filepath.Dir(file)
	if filepath.Base(file) == "cgroup.procs" {
		if len(k.handed[dir]) > 0 {
			return syscall.EBUSY
		}
		for _, other := range []string{k.root, filepath.Join(k.root, aside)} {
			k.put(other, slices.DeleteFunc(k.procs(other), func(pid string) bool { return pid == data }))
		}
		k.put(dir, append(k.procs(dir), data))
		if k.forks > 0 && dir != k.root {
			k.forks--
			k.put(k.root, append(k.procs(k.root), "10"+data))
		}
		return nil
	}
	name := data[1:]
	if !strings.Contains(read(k.t, filepath.Join(k.root, "cgroup.controllers")), name) {
		return syscall.EINVAL
	}
	if data[0] == '-' {
		for child, handed := range k.handed {
			if child != dir && slices.Contains(handed, name) && isDir(child) {
				return syscall.EBUSY
			}
		}
		k.handed[dir] = slices.DeleteFunc(k.handed[dir], func(c string) bool { return c == name })
		return nil
	}
	if len(k.procs(dir)) > 0 {
		return syscall.EBUSY
	}
	if !slices.Contains(k.handed[dir], name) {
		k.handed[dir] = append(k.handed[dir], name)
	}
	return nil
}

// container is a cgroup v2 whose topmost cgroup holds processes.
func container(t *testing.T, has string, procs ...string) (cgroups, *fakeV2) {
	t.Helper()
	c := tree(t, mountsV2, map[string]string{"cgroup.controllers": has + "\n", "cgroup.procs": strings.Join(procs, "\n") + "\n"})
	k := &fakeV2{t: t, root: c.root, handed: map[string][]string{}}
	c.write = k.write
	return c, k
}

const all = "cpuset cpu io memory hugetlb pids rdma misc"

func TestOnlyWhatPodsNeedIsHandedOn(t *testing.T) {
	tests := []struct {
		name, has string
		want      []string
		err       string
	}{
		{"all there", all, []string{"cpu", "memory", "pids", "cpuset", "hugetlb"}, ""},
		{"an optional one is not there", "cpu cpuset memory pids", []string{"cpu", "memory", "pids", "cpuset"}, ""},
		{"a kernel for one processor", "cpu io memory pids", []string{"cpu", "memory", "pids"}, ""},
		{"no optional one is there", "cpu memory", []string{"cpu", "memory"}, ""},
		{"none of memory", "cpuset cpu pids", nil, "lacks memory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, k := container(t, tt.has)
			err := c.create("lab")
			if tt.err != "" {
				if err == nil || !strings.HasSuffix(err.Error(), tt.err) {
					t.Errorf("got %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, dir := range []string{c.root, filepath.Join(c.root, "lab")} {
				if diff := cmp.Diff(tt.want, k.handed[dir]); diff != "" {
					t.Errorf("handed on in %s (-want +got):\n%s", dir, diff)
				}
			}
			if isDir(filepath.Join(c.root, aside)) {
				t.Error("processes were moved, and nothing was in the way")
			}
		})
	}
}

// In a container the processes are in the way, and are as before afterwards.
func TestProcessesOfAContainerAreMovedAsideAndBack(t *testing.T) {
	c, k := container(t, all, "1", "7", "42")
	k.forks = 2
	for range 2 { // the second finds all as it should be
		if err := c.create("lab"); err != nil {
			t.Fatal(err)
		}
	}
	if got := k.procs(c.root); len(got) > 0 {
		t.Errorf("in the topmost cgroup: %q", got)
	}
	moved := k.procs(filepath.Join(c.root, aside))
	if len(moved) != 5 {
		t.Errorf("moved: %q, want all five", moved)
	}
	// A second lab finds the way free, and needs it when the first goes.
	if err := c.create("other"); err != nil {
		t.Fatal(err)
	}
	if err := c.remove("lab"); err != nil {
		t.Fatal(err)
	}
	if got := k.procs(filepath.Join(c.root, aside)); len(got) != len(moved) {
		t.Errorf("moved back while another lab runs: %q are left", got)
	}
	if err := c.remove("other"); err != nil {
		t.Fatal(err)
	}
	if got := k.procs(c.root); len(got) != len(moved) || len(k.handed[c.root]) > 0 || isDir(filepath.Join(c.root, aside)) {
		t.Errorf("afterwards: processes %q, handed on %q, moved aside %v; want all as before", got, k.handed[c.root], isDir(filepath.Join(c.root, aside)))
	}
}

// The check does what `up` will do, and leaves nothing.
func TestTryingLeavesNothing(t *testing.T) {
	c, k := container(t, all, "1", "7")
	before := everything(t, c.root)
	if err := c.try("lab-try"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, everything(t, c.root)); diff != "" || len(k.handed[c.root]) > 0 {
		t.Errorf("left (-before +after):\n%s\nhanded on: %q", diff, k.handed[c.root])
	}
	for name, change := range map[string]func(){
		"a process that cannot be moved":    func() { k.put(c.root, []string{"0"}) },
		"a controller that is not there":    func() { write(t, c.root+"/cgroup.controllers", "cpu\n") },
		"processes that are started faster": func() { k.forks = math.MaxInt },
	} {
		write(t, c.root+"/cgroup.controllers", all+"\n")
		k.put(c.root, []string{"1", "7"})
		k.forks = 0
		change()
		if err := c.try("lab-try"); err == nil {
			t.Errorf("with %s: got no error", name)
		}
	}
}

func TestTheMemoryOfAContainerIsItsLimit(t *testing.T) {
	for name, tt := range map[string]struct {
		files map[string]string
		want  uint64
	}{
		"v2":             {map[string]string{"memory.max": "2147483648\n"}, 2 << 30},
		"v2 no limit":    {map[string]string{"memory.max": "max\n"}, math.MaxUint64},
		"v2 the machine": {map[string]string{"cgroup.procs": ""}, math.MaxUint64},
		"v1":             {map[string]string{"memory/memory.limit_in_bytes": "2147483648\n"}, 2 << 30},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tree(t, "", tt.files).memoryLimit(); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestACgroupCanBeMadeHereWhereAnyCan(t *testing.T) {
	needsSandbox(t)
	if _, err := CgroupVersion(); err != nil {
		t.Skip(err)
	}
	if err := TryCgroups(); err != nil {
		t.Error(err)
	}
}
