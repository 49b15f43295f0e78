package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// digest changes with the Dockerfile's content and with the name, mode or content
// of any file that .dockerignore leaves, with what a link leads to, and with
// nothing else: neither with folders nor with times. It is the digest that the
// published plugin computes, so that either plugin sees no change in a state that
// the other has written.
func (c buildContext) digest() (string, error) {
	sum := sha256.New()
	// Under one name, whatever its own is; inside of the context it counts twice.
	if err := addTo(sum, "Dockerfile", 0, file{path: c.source}.copyTo); err != nil {
		return "", err
	}
	for _, f := range c.files {
		if f.unasked || f.mode.IsDir() {
			continue
		}
		content := f.copyTo
		if f.mode.Type() == fs.ModeSymlink {
			content = f.copyTarget
		}
		if err := addTo(sum, f.name, f.mode, content); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func addTo(sum io.Writer, name string, mode fs.FileMode, content func(io.Writer) error) error {
	own := sha256.New()
	if err := content(own); err != nil {
		return err
	}
	entry := bytes.NewBufferString(name + mode.String())
	entry.Write(own.Sum(nil))
	entry.WriteByte(0)
	_, err := sum.Write(entry.Bytes())
	return err
}

// copyTarget writes the path that a link leads to, or its own text where that
// is not there, for which the published plugin builds nothing at all.
func (f file) copyTarget(w io.Writer) error {
	target, err := filepath.EvalSymlinks(f.path)
	if os.IsNotExist(err) {
		target, err = f.link, nil
	}
	if err != nil {
		return fmt.Errorf("following link %q of the build context: %w", f.path, err)
	}
	_, err = io.WriteString(w, filepath.ToSlash(target))
	return err
}
