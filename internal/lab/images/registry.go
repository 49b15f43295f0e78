package images

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// registry is the registry's folder. Its layout is part of the registry's
// published design:
//
//	repositories/NAME/_manifests/tags/TAG/current/link    a manifest's digest
//	repositories/NAME/_manifests/revisions/sha256/D/link  D, as sha256:D
//	repositories/NAME/_layers/sha256/D/link               likewise
//	blobs/sha256/DD/D/data                                the content
//
// None of these files is written atomically: a machine that lost power, or
// whose disk was full, leaves them empty or cut off.
type registry string

func (r registry) path(elements ...string) string {
	return filepath.Join(append([]string{string(r), "docker/registry/v2"}, elements...)...)
}

var digest = regexp.MustCompile(`^sha256:([0-9a-f]{64})$`)

// link reads a link file: the digest's hexadecimal part, "" where it holds none.
func link(file string) string {
	content, err := os.ReadFile(file)
	if m := digest.FindStringSubmatch(string(content)); err == nil && m != nil {
		return m[1]
	}
	return ""
}

func (r registry) blob(sum string) string { return r.path("blobs/sha256", sum[:2], sum) }

// descriptor is how a manifest names a blob.
type descriptor struct {
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
}

// holds says whether the image is there with all that it is made of. Sizes tell
// what was cut off; that what is as long as it should be was written wrongly is
// for a disk's own checks.
func (r registry) holds(reference string) bool {
	name, tag := split(reference)
	sum := link(r.path("repositories", name, "_manifests/tags", tag, "current/link"))
	if sum == "" || link(r.path("repositories", name, "_manifests/revisions/sha256", sum, "link")) != sum {
		return false
	}
	content, err := os.ReadFile(filepath.Join(r.blob(sum), "data"))
	if have := sha256.Sum256(content); err != nil || hex.EncodeToString(have[:]) != sum {
		return false
	}
	var manifest struct {
		Config descriptor
		Layers []descriptor
	}
	if err := json.Unmarshal(content, &manifest); err != nil || len(manifest.Layers) == 0 {
		return false
	}
	for _, d := range append(manifest.Layers, manifest.Config) {
		m := digest.FindStringSubmatch(d.Digest)
		if m == nil || link(r.path("repositories", name, "_layers/sha256", m[1], "link")) != m[1] {
			return false
		}
		if info, err := os.Stat(filepath.Join(r.blob(m[1]), "data")); err != nil || info.Size() != d.Size {
			return false
		}
	}
	return true
}

// split takes the repository and the tag from a full reference.
func split(reference string) (name, tag string) {
	_, rest, _ := strings.Cut(reference, "/")
	name, tag, _ = strings.Cut(rest, ":")
	return name, tag
}

// forget removes the image's repository, so that all of it is pushed again, and
// every blob that is not what its name says: the registry takes a blob that is
// there for the right one.
func (r registry) forget(reference string) error {
	name, _ := split(reference)
	if err := os.RemoveAll(r.path("repositories", name)); err != nil {
		return fmt.Errorf("removing what is broken of the registry's %q: %w", reference, err)
	}
	return r.remove("blobs", func(path string) bool {
		return filepath.Base(path) == "data" && sumOf(path) != filepath.Base(filepath.Dir(path))
	})
}

// Repair removes from the folder of a registry that does not run what a kill
// has left half-written, so that it can be pushed again: links that lead
// nowhere, blobs without content, and uploads that nobody will go on with.
func Repair(storage string) error {
	r := registry(storage)
	if err := r.remove("repositories", func(path string) bool {
		inUpload := strings.Contains(path, "/_uploads/")
		return inUpload || filepath.Base(path) == "link" && link(path) == ""
	}); err != nil {
		return err
	}
	return r.remove("blobs", func(path string) bool {
		info, err := os.Stat(path)
		return filepath.Base(path) == "data" && err == nil && info.Size() == 0
	})
}

// remove removes the folders of those files below a folder that are broken.
func (r registry) remove(below string, broken func(path string) bool) error {
	err := filepath.WalkDir(r.path(below), func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a registry that holds nothing yet, or a folder that was removed just now
		}
		if err != nil || entry.IsDir() || !broken(path) {
			return err
		}
		return os.RemoveAll(filepath.Dir(path))
	})
	if err != nil {
		return fmt.Errorf("repairing the registry's data: %w", err)
	}
	return nil
}

// sumOf is the digest of a file's content, "" where it cannot be read.
func sumOf(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}
