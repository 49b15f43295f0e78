package main

import (
	"fmt"
	"io"
	"runtime"
)

// block is how many bytes are written at once at most, but for the last line's.
const block = 32 << 10

// writeLines writes records until the channel is closed. A line is held back
// only as long as more records are waiting, so that each is seen at once when
// few come, and many share one write when many do. After a failed write it calls
// failed, and takes the records that still come without writing them.
func writeLines(w io.Writer, records <-chan record, failed func(error)) {
	var lines []byte
	broken := false
	for r := range records {
		lines = r.append(lines)
		if len(records) == 0 {
			// Workers that have an answer but no processor yet come first.
			runtime.Gosched()
		}
		if len(records) > 0 && len(lines) < block {
			continue
		}
		if !broken {
			if _, err := w.Write(lines); err != nil {
				broken = true
				failed(fmt.Errorf("writing answers: %w", err))
			}
		}
		lines = lines[:0]
	}
}
