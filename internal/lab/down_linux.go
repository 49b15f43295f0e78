package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"istio-circuit-breaker/internal/lab/node"
	"istio-circuit-breaker/internal/lab/sandbox"
	"istio-circuit-breaker/internal/wait"
)

// Down takes the lab down: its processes, mounts, interfaces and cgroups, its
// state folder and its Pulumi stack's settings. The cache stays. It works as
// well after a crash, a kill -9 or a reboot, and does nothing where there is no
// lab.
func (l *Lab) Down(ctx context.Context) error {
	release, err := l.lock(ctx, "down")
	if err != nil {
		return err
	}
	defer release()
	l.Progress.Begin("ending the lab's processes")
	err = l.wipe()
	l.Progress.End(err)
	if err != nil {
		return err
	}
	return nil
}

// endLimit bounds the end of what runs in the lab, after it was killed.
const endLimit = 30 * time.Second

// wipe leaves nothing of a lab but the cache.
func (l *Lab) wipe() error {
	box, err := sandbox.Load(l.supervisor())
	if err != nil {
		// A file cut off by a crash: then there is no process to be found by it.
		box = sandbox.Sandbox{}
	}
	if err := box.Stop(context.Background()); err != nil {
		return err
	}
	// The supervisor's first thread may have ended before the kernel has ended
	// the rest of the namespace: an empty cgroup tells that nothing is left.
	if err := wait.For(context.Background(), "the lab's last processes to end", endLimit, 20*time.Millisecond, func(context.Context) error {
		return sandbox.RemoveCgroup(node.Cgroup)
	}); err != nil {
		return err
	}
	// What is still mounted below the folder is not the lab's to delete.
	if below, err := mountsBelow(l.State); err != nil {
		return err
	} else if len(below) > 0 {
		return fmt.Errorf("removing the state folder: still mounted: %s", strings.Join(below, ", "))
	}
	if err := os.RemoveAll(l.State); err != nil {
		return fmt.Errorf("removing the state folder: %w", err)
	}
	if err := os.Remove(l.stackFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing the stack's settings: %w", err)
	}
	return nil
}

func mountsBelow(dir string) ([]string, error) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, fmt.Errorf("listing mounts: %w", err)
	}
	var found []string
	for line := range strings.Lines(string(mounts)) {
		if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[1]+"/", filepath.Clean(dir)+"/") {
			found = append(found, f[1])
		}
	}
	return found, nil
}
