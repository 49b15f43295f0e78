package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// maxSocket is how long the path of a socket can be: the 108 bytes of sun_path
// (unix(7)) without the final zero.
const maxSocket = 107

// covered are the folders of this machine in whose place the lab's daemons see
// others.
func covered() []string { return append([]string{varLib, "/proc"}, emptied...) }

// unusable are the characters that one of those who get the folders' names takes
// for something else: overlay file systems, lists of paths, URLs, a Corefile.
const unusable = " \t\r\n\"'`\\:,;?#%*$|<>&(){}"

// checkFolders says what is wrong with the folders that the lab works in.
func (l *Lab) checkFolders(context.Context) (string, error) {
	var problems []error
	for _, s := range l.nodePaths().Sockets() {
		if over := len(s) - maxSocket; over > 0 {
			problems = append(problems, fmt.Errorf("the path of %q is %d bytes too long for the socket %q", l.State, over, s))
			break // one tells why
		}
	}
	for _, folder := range []string{l.State, l.Cache} {
		if strings.ContainsAny(folder, unusable) {
			problems = append(problems, fmt.Errorf("the path of %q has characters in it that not all of the lab's parts can use", folder))
		}
		f, err := l.host.facts(nearest(folder))
		switch {
		case err != nil:
			problems = append(problems, err)
		case f.readOnly:
			problems = append(problems, fmt.Errorf("the disk of %q is mounted read-only", folder))
		case f.noExec:
			problems = append(problems, fmt.Errorf("the disk of %q is mounted so that nothing on it can be run (noexec)", folder))
		}
	}
	for _, path := range append([]string{l.State, l.Cache, l.Machine.CNI()}, l.nodePaths().Commands()...) {
		if over := coveredBy(path); over != "" {
			problems = append(problems, fmt.Errorf("%q is below %s, in place of which the lab's daemons see a folder of their own", path, over))
		}
	}
	return l.State + ", " + l.Cache, errors.Join(problems...)
}

// coveredBy is the covered folder that path is in, through symbolic links; ""
// where it is in none.
func coveredBy(path string) string {
	if path == "" {
		return ""
	}
	there := nearest(path)
	real, err := filepath.EvalSymlinks(there)
	if err != nil {
		return "" // whoever uses it says why
	}
	real += strings.TrimPrefix(path, there)
	for _, folder := range covered() {
		if target, err := filepath.EvalSymlinks(folder); err == nil && within(real, target) || within(path, folder) {
			return folder
		}
	}
	return ""
}

// checkCache says whether another lab uses what can have only one user.
func (l *Lab) checkCache(context.Context) (string, error) {
	if err := l.find(); err != nil {
		return "", err
	}
	if l.box != nil {
		return "this lab uses it", nil
	}
	if !exists(l.cacheLock()) {
		return "free", nil
	}
	lock, err := l.lockCache()
	if err != nil {
		return "", err
	}
	return "free", lock.Close()
}

// lockCache takes the registry's and the Docker engine's data, for as long as a
// process has the file open.
func (l *Lab) lockCache() (*os.File, error) {
	if err := os.MkdirAll(l.Cache, 0o755); err != nil {
		return nil, fmt.Errorf("making the cache folder: %w", err)
	}
	lock, err := tryLock(l.cacheLock())
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, fmt.Errorf("the registry's and the Docker engine's data in %q are in use by %s", l.Cache, holder(l.cacheLock()))
	}
	return lock, err
}
