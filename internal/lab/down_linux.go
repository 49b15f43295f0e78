package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Down takes the lab down: its processes, mounts, interfaces and cgroups, its
// state folder and its Pulumi stack's settings. The cache stays. It works as
// well after a crash, a kill -9 or a reboot, and where the state folder was
// removed by hand; it does nothing where there is no lab.
func (l *Lab) Down(ctx context.Context) error {
	release, err := l.lock(ctx, "down")
	if err != nil {
		return err
	}
	defer release()
	l.Progress.Begin("ending the lab's processes and removing its files")
	err = l.wipe(ctx)
	if err == nil {
		err = l.nothingLeft()
	}
	l.Progress.End(err)
	if err != nil {
		return err
	}
	return os.Remove(l.Layout.lock())
}

// wipe leaves nothing of a lab but the cache, and what is to be kept of the state
// folder. It is not to be stopped half-way; each wait in it has a limit.
func (l *Lab) wipe(ctx context.Context, keep ...string) error {
	if err := l.end(ctx); err != nil {
		return err
	}
	if err := l.Machine.RemovePolicy(); err != nil {
		return err
	}
	// What is still mounted below the folder is not the lab's to delete.
	if below, err := mountsBelow(l.State); err != nil {
		return err
	} else if len(below) > 0 {
		return fmt.Errorf("removing the state folder: still mounted: %s", strings.Join(below, ", "))
	}
	// First what tells that there is a lab to go on with: half of one is none.
	for _, file := range append([]string{l.madeOf()}, l.stackFiles()...) {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("removing the lab's files: %w", err)
		}
	}
	if err := removeBut(l.State, keep); err != nil {
		return fmt.Errorf("removing the state folder: %w", err)
	}
	return nil
}

// removeBut removes a folder, or all that is in it but what is to be kept.
func removeBut(folder string, keep []string) error {
	if len(keep) == 0 {
		return os.RemoveAll(folder)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	var problems []error
	for _, entry := range entries {
		if path := filepath.Join(folder, entry.Name()); !slices.Contains(keep, path) {
			problems = append(problems, os.RemoveAll(path))
		}
	}
	return errors.Join(problems...)
}

func (l *Lab) nothingLeft() error {
	left, err := l.left()
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("taking the lab down: still there: %s", strings.Join(left, ", "))
	}
	return err
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
