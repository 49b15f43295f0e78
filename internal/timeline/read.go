package timeline

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrCutOff is what ReadAll says of a recording whose last line is not
// complete, as it is after a kill in the midst of a write. The entries before
// it are good.
var ErrCutOff = errors.New("the recording was cut off")

// longest line that is read. A snapshot takes some 150 bytes a pod.
const longest = 4 << 20

// ReadAll reads a recording: one entry a line, as docs/recording.md says. An
// error names the line. With ErrCutOff, and no other error, the entries are
// those up to there.
func ReadAll(r io.Reader) ([]Entry, error) {
	lines := bufio.NewReaderSize(r, longest)
	var entries []Entry
	var wrong error // the first error; a later header may explain it
	headed := false
	for n := 1; ; n++ {
		line, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, errors.Join(wrong, fmt.Errorf("line %d: longer than %d bytes", n, longest))
		case err != nil && !errors.Is(err, io.EOF):
			return nil, errors.Join(wrong, fmt.Errorf("line %d: %w", n, err))
		}
		last := err != nil
		if len(bytes.TrimSpace(line)) == 0 {
			if last {
				break
			}
			continue
		}
		e, err := parse(line)
		if last && errors.Is(err, io.ErrUnexpectedEOF) {
			if wrong == nil {
				wrong = fmt.Errorf("line %d: %w", n, ErrCutOff)
			}
			break
		}
		if e.Header != nil {
			if v := e.Header.Version; v > Version {
				return nil, fmt.Errorf("line %d: format version %d, and this program reads up to %d: take a newer one", n, v, Version)
			}
			headed = true
		}
		if err == nil {
			err = e.check(headed)
		}
		if err != nil && wrong == nil {
			wrong = fmt.Errorf("line %d: %w", n, err)
		}
		if wrong == nil {
			entries = append(entries, e)
		}
		if last {
			break
		}
	}
	if wrong != nil && !errors.Is(wrong, ErrCutOff) {
		return nil, wrong
	}
	return entries, wrong
}

// parse reads one line. Fields that it does not know are passed over: a
// version may gain some.
func parse(line []byte) (Entry, error) {
	var e Entry
	decoder := json.NewDecoder(bytes.NewReader(line))
	err := decoder.Decode(&e)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if wrong.Field == "" {
			return e, fmt.Errorf("not a JSON object: %s", wrong.Value)
		}
		return e, fmt.Errorf("%s: not to be read from a JSON %s", wrong.Field, wrong.Value)
	}
	if err != nil {
		return e, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return e, errors.New("more than one JSON object")
	}
	return e, nil
}

// check holds an entry against what the format promises of each.
func (e Entry) check(headed bool) error {
	var kinds []string
	for _, kind := range []struct {
		name string
		has  bool
	}{{"header", e.Header != nil}, {"answer", e.Answer != nil}, {"snapshot", e.Snapshot != nil},
		{"event", e.Event != nil}, {"phase", e.Phase != nil}, {"verdict", e.Verdict != nil}} {
		if kind.has {
			kinds = append(kinds, kind.name)
		}
	}
	switch {
	case len(kinds) == 0:
		return errors.New("none of header, answer, snapshot, event, phase and verdict")
	case len(kinds) > 1:
		return fmt.Errorf("both %s and %s", kinds[0], kinds[1])
	case e.Time.IsZero():
		return fmt.Errorf("%s without a time", kinds[0])
	case e.Header != nil && e.Header.Version < 1:
		return errors.New("header without a version")
	case !headed && e.Phase == nil && e.Verdict == nil:
		return fmt.Errorf("%s before any header", kinds[0])
	}
	return nil
}
