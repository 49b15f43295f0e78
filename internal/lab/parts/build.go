package parts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/runner"
)

// Builder builds parts from the checkout Source into the folder Cache, for a
// Machine that may have some of their commands already.
type Builder struct {
	Machine
	Source, Cache string
	Runner        runner.Runner
	// Note is told what is being done now, such as "1203 of 2948 packages"; it
	// may be called often.
	Note func(string)
	// Remark is told what is worth saying when all is done.
	Remark func(string)
	// Log receives what the tools print.
	Log io.Writer
}

// Go builds the named part unless it is in the cache, and returns its folder.
func (b Builder) Go(ctx context.Context, name string) (string, error) {
	i := slices.IndexFunc(goParts, func(p goPart) bool { return p.name == name })
	if i < 0 {
		return "", fmt.Errorf("building part %q: there is no such part", name)
	}
	p := goParts[i]
	key, err := b.key(p)
	if err != nil {
		return "", fmt.Errorf("building part %q: %w", name, err)
	}
	return b.once(p.name, key, func(folder string) error { return b.compile(ctx, p, folder) })
}

// key hashes all that decides what comes out of p.
func (b Builder) key(p goPart) (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, runtime.Version(), runtime.GOOS, runtime.GOARCH, p.packages, p.tags, p.ldflags, goFlags)
	root := filepath.Join(b.Source, p.module)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") {
			return err
		}
		if ext := filepath.Ext(path); ext != ".go" && ext != ".mod" && ext != ".sum" {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(h, "%s %d\n%s", filepath.ToSlash(name), len(content), content)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("hashing its sources: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil))[:12], nil
}

// folder is where a part is kept, by its name and the key of its content.
func (b Builder) folder(name, key string) string { return filepath.Join(b.Cache, name+"-"+key) }

// staleAfter is when a folder that something was built in was surely left by a
// run that was killed.
const staleAfter = 24 * time.Hour

// once calls make with an empty folder, and keeps the folder under its final
// name only if make succeeds.
func (b Builder) once(name, key string, make func(folder string) error) (string, error) {
	folder := b.folder(name, key)
	if there(folder) {
		b.Remark("in the cache")
		return folder, nil
	}
	if err := os.MkdirAll(b.Cache, 0o755); err != nil {
		return "", fmt.Errorf("making the cache folder: %w", err)
	}
	if err := b.removeStale(name); err != nil {
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
	if err := os.Chmod(temp, 0o755); err != nil {
		return "", fmt.Errorf("keeping what was built: %w", err)
	}
	// Another user of the cache may have been faster; both built the same.
	if err := os.Rename(temp, folder); err != nil && !there(folder) {
		return "", fmt.Errorf("keeping what was built: %w", err)
	}
	return folder, nil
}

func (b Builder) removeStale(name string) error {
	left, err := filepath.Glob(filepath.Join(b.Cache, "."+name+"-*"))
	if err != nil {
		return fmt.Errorf("looking for half-built parts: %w", err)
	}
	for _, folder := range left {
		if info, err := os.Stat(folder); err != nil || time.Since(info.ModTime()) < staleAfter {
			continue
		}
		if err := os.RemoveAll(folder); err != nil {
			return fmt.Errorf("removing a half-built part: %w", err)
		}
	}
	return nil
}

// goFlags: no DWARF, which nobody reads here and which costs a tenth of the
// compile time; no cgo, so that binaries run in images from scratch.
var goFlags = []string{"-trimpath", "-gcflags=all=-dwarf=false"}

func (b Builder) compile(ctx context.Context, p goPart, folder string) error {
	dir := filepath.Join(b.Source, p.module)
	env := []string{"CGO_ENABLED=0", "GOFLAGS=-buildvcs=false", "GOWORK=off"}
	tags := []string{"-tags=" + p.tags}

	// Modules first, and apart: what fails for want of a network should say so.
	b.Note("fetching modules")
	list := runner.Command{Args: slices.Concat([]string{"go", "list", "-deps"}, tags, p.packages), Dir: dir, Env: env, Log: b.Log}
	out, err := b.Runner.Run(ctx, list)
	if err != nil {
		return fmt.Errorf("fetching the modules of part %q: %w", p.name, err)
	}
	all := strings.Count(out, "\n")

	lines := &counter{note: func(n int) {
		b.Note(fmt.Sprintf("%d of %d packages", min(n, all), all))
	}}
	build := runner.Command{
		Args: slices.Concat([]string{"go", "build", "-v"}, goFlags, tags,
			[]string{"-ldflags=-s -w " + p.ldflags, "-o", folder + "/"}, p.packages),
		Dir: dir, Env: env,
		Log: io.MultiWriter(b.Log, lines),
	}
	if _, err := b.Runner.Run(ctx, build); err != nil {
		return fmt.Errorf("compiling part %q: %w", p.name, err)
	}
	return nil
}

// counter counts lines: `go build -v` prints one for each package.
type counter struct {
	n    int
	note func(int)
}

func (c *counter) Write(p []byte) (int, error) {
	if lines := strings.Count(string(p), "\n"); lines > 0 {
		c.n += lines
		c.note(c.n)
	}
	return len(p), nil
}

// ModuleFolder is where the cluster module's dependency has its files.
func (b Builder) ModuleFolder(ctx context.Context, module string) (string, error) {
	out, err := b.Runner.Run(ctx, runner.Command{
		Args: []string{"go", "list", "-m", "-f", "{{.Dir}}", module},
		Dir:  filepath.Join(b.Source, "lab/parts/cluster"), Env: []string{"GOWORK=off"}, Log: b.Log,
	})
	if err != nil {
		return "", fmt.Errorf("finding the folder of module %q: %w", module, err)
	}
	return strings.TrimSpace(out), nil
}
