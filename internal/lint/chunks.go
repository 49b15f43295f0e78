package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"iter"
)

// chunks are the documents of a text, each with the number of lines before it.
// They are cut before they are parsed, so that one that is no YAML keeps none of
// the others from being read, and so that a line is known in any of them. A line
// that starts with --- is the start of a document, and one with ... the end,
// wherever it stands: no scalar may hold one.
func chunks(text []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		start, startLine, at, line := 0, 0, 0, 0
		cut := func() bool {
			chunk := text[start:at]
			before := startLine
			start, startLine = at, line
			return len(chunk) == 0 || yield(before, chunk)
		}
		for at < len(text) {
			end := len(text)
			if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
				end = at + i + 1
			}
			if marker(text[at:end], "---") && !onlyDirectives(text[start:at]) && !cut() {
				return
			}
			over := marker(text[at:end], "...")
			at = end
			line++
			if over && !cut() {
				return
			}
		}
		cut()
	}
}

// documents are those of a text, of which JSON needs nothing between two.
func documents(text []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		for before, chunk := range chunks(text) {
			for _, value := range streamed(chunk) {
				if !yield(before, value) {
					return
				}
				before += bytes.Count(value, []byte("\n"))
			}
		}
	}
}

// streamed is a document cut behind each JSON value, where it is several of them.
func streamed(chunk []byte) (all [][]byte) {
	if !bytes.HasPrefix(bytes.TrimSpace(chunk), []byte("{")) {
		return [][]byte{chunk}
	}
	from, start := json.NewDecoder(bytes.NewReader(chunk)), 0
	for {
		var value json.RawMessage
		if err := from.Decode(&value); err != nil {
			if !errors.Is(err, io.EOF) || len(all) < 2 { // no JSON, or one value
				return [][]byte{chunk}
			}
			return all
		}
		end := int(from.InputOffset())
		all = append(all, chunk[start:end])
		start = end
	}
}

func marker(line []byte, mark string) bool {
	rest, is := bytes.CutPrefix(line, []byte(mark))
	return is && (len(rest) == 0 || bytes.IndexByte([]byte(" \t\r\n"), rest[0]) >= 0)
}

// onlyDirectives tells whether a text is directives, which belong to the document
// behind them.
func onlyDirectives(text []byte) bool {
	found := false
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		switch {
		case len(line) == 0, line[0] == '#':
		case line[0] == '%':
			found = true
		default:
			return false
		}
	}
	return found
}

// withoutVersion is a document whose directive of YAML 1.2, which the library
// refuses though it reads it, is a comment.
func withoutVersion(chunk []byte) []byte {
	if !bytes.Contains(chunk, []byte("%YAML 1.2")) {
		return chunk
	}
	lines := bytes.SplitAfter(bytes.Clone(chunk), []byte("\n"))
	for _, line := range lines {
		if marker(line, "---") {
			break
		}
		if bytes.HasPrefix(line, []byte("%YAML 1.2")) {
			line[0] = '#'
		}
	}
	return bytes.Join(lines, nil)
}
