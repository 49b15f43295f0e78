package images

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"istio-circuit-breaker/internal/runner"
)

// fakeRunner answers commands by their arguments and keeps what it was asked.
type fakeRunner struct {
	answers map[string]answer // by the quoted command
	asked   []string
	env     [][]string
	read    [][]byte // what came on stdin, for those that read it
}

type answer struct {
	out    string
	err    error
	unread bool // the command ends without reading stdin
}

func (f *fakeRunner) Run(_ context.Context, c runner.Command) (string, error) {
	line := runner.Quote(c.Args)
	f.asked, f.env = append(f.asked, line), append(f.env, c.Env)
	a, known := f.answers[line]
	if !known && len(f.answers) > 0 {
		return "", fmt.Errorf("the test did not expect %s", line)
	}
	if c.Stdin != nil && !a.unread {
		content, err := io.ReadAll(c.Stdin)
		if err != nil {
			return "", err
		}
		f.read = append(f.read, content)
	}
	return a.out, a.err
}

// static is what ldd says of a binary without shared libraries.
var static = answer{err: &runner.Error{Args: []string{"ldd"}, Output: "\tnot a dynamic executable", Cause: errors.New("exit status 1")}}

// files writes files below dir; a name with a final slash is a folder, and a
// content that begins with "-> " a symbolic link.
func files(t *testing.T, dir string, content map[string]string) {
	t.Helper()
	for name, text := range content {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		switch target, link := bytes.CutPrefix([]byte(text), []byte("-> ")); {
		case name[len(name)-1] == '/':
			err = os.MkdirAll(path, 0o755)
		case link:
			err = os.Symlink(string(target), path)
		default:
			err = os.WriteFile(path, []byte(text), 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// listing renders a tar, one line an entry: mode, size and name.
func listing(t *testing.T, archive []byte) string {
	t.Helper()
	var text bytes.Buffer
	r := tar.NewReader(bytes.NewReader(archive))
	for {
		h, err := r.Next()
		if err == io.EOF {
			return text.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		if !h.ModTime.Equal(epoch) || h.Uid != 0 || h.Gid != 0 {
			t.Errorf("%s: got time %s, owner %d:%d; an image is made of its content alone", h.Name, h.ModTime, h.Uid, h.Gid)
		}
		fmt.Fprintf(&text, "%s %4d %s", h.FileInfo().Mode(), h.Size, h.Name)
		if h.Linkname != "" {
			fmt.Fprintf(&text, " -> %s", h.Linkname)
		}
		fmt.Fprintln(&text)
	}
}
