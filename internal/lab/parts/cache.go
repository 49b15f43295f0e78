package parts

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// folder is where a part is kept, by its name and the key of its content.
func (b Builder) folder(name, key string) string { return filepath.Join(b.Cache, name+"-"+key) }

// staleAfter is when a folder that something was built in was surely left by a
// run that was killed.
const staleAfter = 24 * time.Hour

// unusedAfter is when a part that no lab has been brought up with is removed:
// who works on two branches in turn does not build both again and again.
const unusedAfter = 14 * 24 * time.Hour

// once calls make with an empty folder, and keeps the folder under its final
// name only if make succeeds, and only when all of it is on the disk. A folder's
// time is when it was last used.
func (b Builder) once(name, key string, make func(folder string) error) (string, error) {
	folder := b.folder(name, key)
	if there(folder) {
		b.Remark("in the cache")
		return folder, b.used(folder)
	}
	if err := os.MkdirAll(b.Cache, 0o755); err != nil {
		return "", fmt.Errorf("making the cache folder: %w", err)
	}
	if err := b.removeOlder("."+name+"-*", staleAfter); err != nil {
		return "", err
	}
	temp, err := os.MkdirTemp(b.Cache, "."+name+"-")
	if err != nil {
		return "", fmt.Errorf("making a folder to build in: %w", err)
	}
	defer os.RemoveAll(temp)
	if err := make(temp); err != nil {
		return "", err
	}
	if err := errors.Join(os.Chmod(temp, 0o755), syncTree(temp)); err != nil {
		return "", fmt.Errorf("keeping what was built: %w", err)
	}
	// Another user of the cache may have been faster; both built the same.
	if err := os.Rename(temp, folder); err != nil && !there(folder) {
		return "", fmt.Errorf("keeping what was built: %w", err)
	}
	if err := syncFile(b.Cache); err != nil {
		return "", fmt.Errorf("keeping what was built: %w", err)
	}
	return folder, b.used(folder)
}

func (b Builder) used(folder string) error {
	now := time.Now()
	if err := os.Chtimes(folder, now, now); err != nil {
		return fmt.Errorf("marking what is used in the cache: %w", err)
	}
	return nil
}

// Prune removes the parts that have not been used for long, and what killed runs
// have left.
func (b Builder) Prune() error {
	return errors.Join(b.removeOlder(".*-*", staleAfter), b.removeOlder("[^.]*-*", unusedAfter))
}

// removeOlder removes the folders of the cache that match and were not touched
// for so long.
func (b Builder) removeOlder(pattern string, age time.Duration) error {
	found, err := filepath.Glob(filepath.Join(b.Cache, pattern))
	if err != nil {
		return fmt.Errorf("looking for old parts: %w", err)
	}
	var problems []error
	for _, folder := range found {
		if info, err := os.Stat(folder); err != nil || time.Since(info.ModTime()) < age {
			continue
		}
		if err := os.RemoveAll(folder); err != nil {
			problems = append(problems, fmt.Errorf("removing an old part: %w", err))
		}
	}
	return errors.Join(problems...)
}

// syncTree waits until a folder and all that is in it are on the disk: a rename
// may get there before what it names.
func syncTree(root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() && !entry.Type().IsRegular() {
			return err
		}
		return syncFile(path)
	})
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
