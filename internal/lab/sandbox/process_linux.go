package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// processes calls found for each process that this process can see.
func processes(found func(pid int, dir string)) error {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return fmt.Errorf("listing processes: %w", err)
	}
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err == nil {
			found(pid, filepath.Join("/proc", entry.Name()))
		}
	}
	return nil
}

// Find looks for running supervisors by the arguments that Start was given. It
// finds one that nothing else tells of: its state folder removed by hand, or
// the command that started it killed before it wrote the file. By no arguments
// it finds none.
func Find(args []string) ([]Sandbox, error) {
	if len(args) == 0 {
		return nil, nil
	}
	boot, err := bootID()
	if err != nil {
		return nil, err
	}
	var found []Sandbox
	err = processes(func(pid int, dir string) {
		line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		argv := strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00")
		if err != nil || !slices.Equal(argv[1:], args) || !own(dir) {
			return
		}
		if started, err := startTime(pid); err == nil {
			found = append(found, Sandbox{PID: pid, Started: started, Boot: boot})
		}
	})
	// A supervisor's child has its arguments until it becomes the daemon.
	children := func(s Sandbox) bool {
		return slices.ContainsFunc(found, func(other Sandbox) bool { return other.PID == parent(s.PID) })
	}
	return slices.DeleteFunc(slices.Clone(found), children), err
}

// Marked lists the processes that were started with the given entry, such as
// "NAME=value", in their environment. It leaves out this process and those
// above it: who types `lab down` in a shell of the lab wants to see the answer.
func Marked(entry string) ([]int, error) {
	above := map[int]bool{}
	for pid := os.Getpid(); pid > 0 && !above[pid]; pid = parent(pid) {
		above[pid] = true
	}
	var found []int
	err := processes(func(pid int, dir string) {
		environ, err := os.ReadFile(filepath.Join(dir, "environ"))
		if err != nil || above[pid] || !own(dir) {
			return
		}
		if slices.Contains(strings.Split(string(environ), "\x00"), entry) {
			found = append(found, pid)
		}
	})
	return found, err
}

// own says whether a process belongs to this process's user.
func own(dir string) bool {
	info, err := os.Stat(dir)
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// stat returns the fields of /proc/PID/stat (proc(5)) from the third on, its
// state; the second is the command's name, which may hold anything.
func stat(pid int) ([]string, error) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return nil, err
	}
	line := string(data)
	fields := strings.Fields(line[strings.LastIndexByte(line, ')')+1:])
	if len(fields) < 20 {
		return nil, fmt.Errorf("reading /proc/%d/stat: only %d fields", pid, len(fields))
	}
	return fields, nil
}

// startTime is when a process was started, in clock ticks since boot. A zombie
// counts as ended, unless it is the first of several threads: the last one of a
// namespace's first process ends only when the namespace is empty.
func startTime(pid int) (string, error) {
	fields, err := stat(pid)
	if err != nil {
		return "", err
	}
	if fields[0] == "X" || fields[0] == "Z" && fields[17] == "1" {
		return "", fmt.Errorf("process %d has ended", pid)
	}
	return fields[19], nil
}

// parent is a process's parent, 0 where there is none to be seen.
func parent(pid int) int {
	fields, err := stat(pid)
	if err != nil {
		return 0
	}
	ppid, err := strconv.Atoi(fields[1])
	if err != nil {
		return 0
	}
	return ppid
}

func bootID() (string, error) {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("reading the kernel's boot id: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}
