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
	// Memory of the machine, in bytes; 0 is not known.
	Memory uint64
	Runner runner.Runner
	// Note is told what is being done now, such as "1203 of 2948 packages"; it
	// may be called often.
	Note func(string)
	// Remark is told what is worth saying when all is done.
	Remark func(string)
	// Log receives what the tools print.
	Log io.Writer
	// Work is told what is to be compiled, and what is.
	Work *Work
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

// key hashes all that decides what comes out of p, but for what
// buildEnvironment sets.
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

// FetchModules fetches what the parts that are not in the cache are compiled of,
// and the program where any is: what fails for want of a network fails before
// anything is compiled. What there is to be compiled is known then.
func (b Builder) FetchModules(ctx context.Context) error {
	needs, err := b.Needs(ctx)
	if err != nil {
		return err
	}
	if len(needs["go"]) == 0 {
		b.Remark("all there")
		return nil
	}
	for _, p := range append(slices.Clone(goParts), program) {
		if p.name != program.name && !slices.Contains(needs["go"], p.name) {
			continue
		}
		b.Note("those of part " + p.name)
		list := b.build(p, "")
		list.Args, list.Log = slices.Concat([]string{"go", "list", "-deps"}, []string{"-tags=" + p.tags, "-f", listFormat}, p.packages), b.Log
		out, err := b.Runner.Run(ctx, list)
		if err != nil {
			return fmt.Errorf("fetching the modules of part %q: %w", p.name, err)
		}
		b.Work.add(p.name, out)
	}
	return nil
}

// Program compiles the Pulumi program and the observer into Go's cache, with the
// flags that all that the lab runs has.
func (b Builder) Program(ctx context.Context) error { return b.compile(ctx, program, "") }

func (b Builder) compile(ctx context.Context, p goPart, folder string) error {
	defer b.Work.begin(p.name)()
	build, all := b.build(p, folder), b.Work.count(p.name)
	begun := 0
	build.Log = io.MultiWriter(b.Log, &lines{to: func(line string) {
		b.Work.compiles(p.name, line)
		if begun++; all > 0 { // else it is known to be there, or nearly so
			left := (b.Work.Left() + time.Minute - 1).Truncate(time.Minute)
			b.Note(fmt.Sprintf("%d of %d packages, the lab is up in about %.0f min", min(begun, all), all, left.Minutes()))
		}
	}})
	if _, err := b.Runner.Run(ctx, build); err != nil {
		return fmt.Errorf("compiling part %q: %w", p.name, err)
	}
	return nil
}

// build is the command that compiles p into folder, and the program into Go's
// cache alone.
func (b Builder) build(p goPart, folder string) runner.Command {
	output := folder + "/"
	if p.name == program.name {
		output = os.DevNull
	}
	return runner.Command{
		Args: append([]string{"go", "build", "-v", "-tags=" + p.tags, "-ldflags=-s -w " + p.ldflags, "-o", output}, p.packages...),
		Dir:  filepath.Join(b.Source, p.module), Env: append(buildEnvironment(), b.collector()...),
	}
}

// lines hands whole lines on: `go build -v` prints one for each package.
type lines struct {
	half string
	to   func(line string)
}

func (l *lines) Write(p []byte) (int, error) {
	text := l.half + string(p)
	for {
		line, rest, whole := strings.Cut(text, "\n")
		if !whole {
			l.half = text
			return len(p), nil
		}
		l.to(line)
		text = rest
	}
}

// ModuleFolder is where the cluster module's dependency has its files.
func (b Builder) ModuleFolder(ctx context.Context, module string) (string, error) {
	out, err := b.Runner.Run(ctx, runner.Command{
		Args: []string{"go", "list", "-m", "-f", "{{.Dir}}", module},
		Dir:  filepath.Join(b.Source, "lab/parts/cluster"), Env: goEnvironment, Log: b.Log,
	})
	if err != nil {
		return "", fmt.Errorf("finding the folder of module %q: %w", module, err)
	}
	return strings.TrimSpace(out), nil
}
