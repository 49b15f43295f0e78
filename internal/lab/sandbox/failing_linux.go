package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
)

// Failing is a daemon that ends again and again.
type Failing struct {
	Name string `json:"name"`
	Log  string `json:"log"`
	Ends int    `json:"ends"` // in a row
	Exit string `json:"exit"` // of the last one, such as "exit status 1"
}

// ReadFailing lists the daemons that do not work, by the file that a plan names
// for it. None do not where there is no such file.
func ReadFailing(file string) ([]Failing, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var all []Failing
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil {
		return nil, fmt.Errorf("reading which daemons fail: %w", err)
	}
	return all, nil
}

// writeFailing writes that file, wholly or not at all; "" is none.
func writeFailing(file string, all []Failing) error {
	if file == "" {
		return nil
	}
	data, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return WriteFile(file, data, logMode)
}

// WriteFile writes a file that is there wholly or not at all, also after the
// machine has lost power.
func WriteFile(file string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(file+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// maxLog is how large a daemon's log grows until it is begun anew; the one
// before is kept, with ".old" added to its name.
const maxLog = 16 << 20

// limitLog begins a log anew where it is too large. The file stays the same,
// because a daemon that runs has it open, and appends to whatever is there.
func limitLog(file string) {
	info, err := os.Stat(file)
	if err != nil || info.Size() <= maxLog {
		return
	}
	if err := copyLog(file, file+".old"); err != nil {
		slog.Error("keeping a log that has become too large", "log", file, "error", err)
	}
	if err := os.Truncate(file, 0); err != nil {
		slog.Error("beginning a log anew", "log", file, "error", err)
	}
}

func copyLog(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, logMode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// LastLines returns the last lines of a log, n at most; none where it cannot be
// read.
func LastLines(file string, n int) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	const enough = 8 << 10
	if info, err := f.Stat(); err == nil && info.Size() > enough {
		if _, err := f.Seek(-enough, io.SeekEnd); err != nil {
			return ""
		}
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
