//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"istio-circuit-breaker/internal/wait"
)

// smallDisk is a file system in memory whose size is changed while it is used.
type smallDisk struct{ folder string }

// mountDisk mounts one until the test ends.
func mountDisk(t *testing.T, folder string, bytes uint64) smallDisk {
	t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	d := smallDisk{folder}
	if err := d.mount("mode=755,size=%d", bytes); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", folder).CombinedOutput(); err != nil {
			t.Errorf("unmounting %q: %v\n%s", folder, err, out)
		}
	})
	return d
}

func (d smallDisk) mount(options string, bytes uint64) error {
	out, err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf(options, bytes), "small-disk", d.folder).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("mounting %q: %w\n%s", d.folder, err, out)
	}
	return err
}

// holds makes it a disk of that size.
func (d smallDisk) holds(t *testing.T, bytes uint64) {
	t.Helper()
	if err := d.mount("remount,size=%d", bytes); err != nil {
		t.Fatal(err)
	}
}

// leave makes it a disk on which that much is free. A file system is not made
// smaller than what is on it, which grows meanwhile.
func (d smallDisk) leave(t *testing.T, bytes uint64) {
	t.Helper()
	err := wait.For(t.Context(), "a file system to be smaller", 20*time.Second, 10*time.Millisecond, func(context.Context) error {
		var fs unix.Statfs_t
		if err := unix.Statfs(d.folder, &fs); err != nil {
			return err
		}
		used := (fs.Blocks - fs.Bfree) * uint64(fs.Bsize)
		return d.mount("remount,size=%d", max(used+bytes, uint64(fs.Bsize))) // 0 is no limit
	})
	if err != nil {
		t.Fatal(err)
	}
}
