package lint

import (
	"bytes"
	"iter"
)

// chunks are the documents of a text, each with the number of lines before it.
// They are cut before they are parsed, so that one that is no YAML keeps none of
// the others from being read, and so that a line is known in any of them. A line
// that starts with --- is the start of a document wherever it stands: no scalar
// may hold one.
func chunks(text []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		start, startLine := 0, 0
		for at, line := 0, 0; at < len(text); line++ {
			end := len(text)
			if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
				end = at + i + 1
			}
			if at > start && marker(text[at:end]) && !onlyDirectives(text[start:at]) {
				if !yield(startLine, text[start:at]) {
					return
				}
				start, startLine = at, line
			}
			at = end
		}
		if start < len(text) {
			yield(startLine, text[start:])
		}
	}
}

func marker(line []byte) bool {
	rest, is := bytes.CutPrefix(line, []byte("---"))
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
