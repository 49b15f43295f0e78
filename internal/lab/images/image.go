// Package images composes the lab's container images from files of this
// machine: what the lab built, and the shared libraries and tools that those
// binaries load. An image is a list of files, streamed as a tar into `docker
// import`; nothing is unpacked on the way.
package images

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"istio-circuit-breaker/internal/runner"
)

// Image is a root file system and how it is run.
type Image struct {
	// Reference is the full name with the tag.
	Reference string
	// Changes are Dockerfile instructions, as `docker import --change` takes them.
	Changes []string
	// Binaries are copied with the shared libraries that they load, by the path
	// that they get in the image.
	Binaries map[string]string
	// Files and trees are copied as they are, by the path in the image.
	Files map[string]string
	Trees map[string]string
	// Texts are files written out here; Links are symbolic links, by path.
	Texts map[string]string
	Links map[string]string
	// Root is the folder that the shared libraries are below; "" is the machine.
	Root string
}

// epoch is every file's time, so that the same files make the same image.
var epoch = time.Unix(0, 0)

// write streams the image's root file system as a tar.
func (i Image) write(ctx context.Context, run runner.Runner, w io.Writer) error {
	t := &writer{tar: tar.NewWriter(w), seen: map[string]bool{}}
	if err := t.dir("tmp", 0o1777); err != nil {
		return err
	}
	for _, to := range sorted(i.Binaries) {
		if err := t.file(to, i.Binaries[to]); err != nil {
			return err
		}
		libraries, err := libraries(ctx, run, i.Binaries[to])
		if err != nil {
			return err
		}
		for _, lib := range libraries {
			if err := t.file(lib, filepath.Join(i.Root, lib)); err != nil {
				return err
			}
		}
	}
	for _, to := range sorted(i.Files) {
		if err := t.file(to, i.Files[to]); err != nil {
			return err
		}
	}
	for _, to := range sorted(i.Trees) {
		if err := t.tree(to, i.Trees[to]); err != nil {
			return err
		}
	}
	for _, to := range sorted(i.Texts) {
		if err := t.text(to, i.Texts[to]); err != nil {
			return err
		}
	}
	for _, to := range sorted(i.Links) {
		if err := t.link(to, i.Links[to]); err != nil {
			return err
		}
	}
	if err := t.tar.Close(); err != nil {
		return fmt.Errorf("writing image %q: %w", i.Reference, err)
	}
	return nil
}

// libraries lists the shared libraries that binary loads; none for a static one.
func libraries(ctx context.Context, run runner.Runner, binary string) ([]string, error) {
	out, err := run.Run(ctx, runner.Command{Args: []string{"ldd", binary}, Env: []string{"LC_ALL=C"}})
	if failed, ok := errors.AsType[*runner.Error](err); ok && strings.Contains(failed.Output, "not a dynamic executable") {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing the libraries of %q: %w", binary, err)
	}
	return lddFiles(out), nil
}

// lddFiles lists the files in ldd's output: every word that is a path.
func lddFiles(output string) []string {
	var files []string
	for _, word := range strings.Fields(output) {
		if strings.HasPrefix(word, "/") && !strings.HasSuffix(word, ":") {
			files = append(files, word)
		}
	}
	return files
}

// writer writes each path once, with the folders above it.
type writer struct {
	tar  *tar.Writer
	seen map[string]bool
}

func (t *writer) header(h *tar.Header) error {
	h.ModTime, h.Format = epoch, tar.FormatPAX
	h.Name = strings.TrimPrefix(h.Name, "/")
	if t.seen[h.Name] { // what follows would be written into the file before
		return fmt.Errorf("writing the image: it has two files %q", h.Name)
	}
	t.seen[h.Name] = true
	return t.tar.WriteHeader(h)
}

func (t *writer) dir(path string, mode int64) error {
	path = strings.Trim(path, "/")
	if path == "" || path == "." || t.seen[path+"/"] {
		return nil
	}
	if err := t.dir(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return t.header(&tar.Header{Typeflag: tar.TypeDir, Name: path + "/", Mode: mode})
}

// file copies what from leads to, through symbolic links.
func (t *writer) file(to, from string) error {
	name := strings.TrimPrefix(to, "/")
	if t.seen[name] {
		return nil
	}
	if err := t.dir(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("copying into the image: %w", err)
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return fmt.Errorf("copying into the image: %w", err)
	}
	if err := t.header(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode(info), Size: info.Size()}); err != nil {
		return err
	}
	if _, err := io.Copy(t.tar, in); err != nil {
		return fmt.Errorf("copying %q into the image: %w", from, err)
	}
	return nil
}

// mode is one of two, whatever umask the file was made with: an image is run by
// other users than the one who made its files.
func mode(info fs.FileInfo) int64 {
	if info.Mode().Perm()&0o111 != 0 {
		return 0o755
	}
	return 0o644
}

// tree copies a folder, through symbolic links: a distribution may keep parts of
// one elsewhere, and what they lead to is not in the image. Links to folders
// above are left out, and those that lead nowhere.
func (t *writer) tree(to, from string, above ...fs.FileInfo) error {
	info, err := os.Stat(from)
	if err != nil {
		return fmt.Errorf("copying into the image: %w", err)
	}
	if !info.IsDir() {
		return t.file(to, from)
	}
	if slices.ContainsFunc(above, func(dir fs.FileInfo) bool { return os.SameFile(dir, info) }) {
		return nil
	}
	if err := t.dir(to, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return fmt.Errorf("copying into the image: %w", err)
	}
	for _, entry := range entries {
		path := filepath.Join(from, entry.Name())
		if _, err := os.Stat(path); entry.Type()&fs.ModeSymlink != 0 && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ELOOP)) {
			continue
		}
		if err := t.tree(filepath.Join(to, entry.Name()), path, append(slices.Clip(above), info)...); err != nil {
			return err
		}
	}
	return nil
}

func (t *writer) text(to, content string) error {
	if err := t.dir(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := t.header(&tar.Header{Typeflag: tar.TypeReg, Name: to, Mode: 0o644, Size: int64(len(content))}); err != nil {
		return err
	}
	_, err := io.WriteString(t.tar, content)
	return err
}

func (t *writer) link(to, target string) error {
	if err := t.dir(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return t.header(&tar.Header{Typeflag: tar.TypeSymlink, Name: to, Linkname: target, Mode: 0o777})
}
