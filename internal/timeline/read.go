package timeline

import (
	"bufio"
	"bytes"
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
// those up to there. What a recording of version 1 says of phases and verdicts
// is told in the words of today.
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
