package lint

import (
	"bytes"
	"cmp"
	"slices"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// edit is a change of a text that mends a finding for certain.
type edit struct {
	at            Position
	before, after string
}

// editOf is a scalar's text changed to another, in its quotes or without. It is
// nil for one that is not written as it reads, or that may not be the object's alone.
func (o *object) editOf(n *yaml.Node, after string, keepQuotes bool) *edit {
	if !lies(n, o.root) {
		return nil
	}
	quote := ""
	switch n.Style {
	case 0:
	case yaml.DoubleQuotedStyle:
		quote = `"`
	case yaml.SingleQuotedStyle:
		quote = `'`
	default:
		return nil
	}
	e := &edit{at: o.at(n), before: quote + n.Value + quote, after: after}
	if keepQuotes {
		e.after = quote + after + quote
	}
	return e
}

// lies tells whether a node stands below another, and no alias can stand for it.
func lies(n, root *yaml.Node) bool {
	if root == nil || root.Anchor != "" {
		return false
	}
	for _, child := range root.Content {
		if child == n && n.Anchor == "" || lies(n, child) {
			return true
		}
	}
	return false
}

// Fixable are the files that Fixed can mend something of.
func (r Report) Fixable() (files []string) {
	for _, f := range r.Findings {
		if f.edit != nil && !slices.Contains(files, f.File) {
			files = append(files, f.File)
		}
	}
	return files
}

// Fixed is a file's text with what can be mended for certain, and how many
// findings that mends: fields that differ from Istio's only in case, - and _, and
// numbers in quotes. All else stays as it is, byte by byte.
func (r Report) Fixed(file string, content []byte) ([]byte, int) {
	var edits []edit
	for _, f := range r.Findings {
		if f.edit != nil && f.File == file {
			edits = append(edits, *f.edit)
		}
	}
	slices.SortFunc(edits, func(a, b edit) int {
		return cmp.Or(cmp.Compare(a.at.Line, b.at.Line), cmp.Compare(a.at.Column, b.at.Column))
	})
	var fixed bytes.Buffer
	line, start, done, mended := 1, 0, 0, 0 // a line, where it starts, and how far the text is copied
	for _, e := range slices.Compact(edits) {
		for ; line < e.at.Line; line++ {
			i := bytes.IndexByte(content[start:], '\n')
			if i < 0 {
				break
			}
			start += i + 1
		}
		from := offset(content, start, e.at.Column)
		if line != e.at.Line || from < done || !bytes.HasPrefix(content[from:], []byte(e.before)) {
			continue // not the text that was read
		}
		fixed.Write(content[done:from])
		fixed.WriteString(e.after)
		done = from + len(e.before)
		mended++
	}
	fixed.Write(content[done:])
	return fixed.Bytes(), mended
}

// offset is where a column is in the line that starts somewhere; -1 where the text
// has none such.
func offset(text []byte, from, column int) int {
	for range column - 1 {
		_, size := utf8.DecodeRune(text[from:])
		if size == 0 {
			return -1
		}
		from += size
	}
	return from
}
