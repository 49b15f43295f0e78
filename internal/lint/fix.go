package lint

import (
	"bytes"
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
		if f.edit != nil && f.File == file && !slices.Contains(edits, *f.edit) {
			edits = append(edits, *f.edit)
		}
	}
	// From the end, so that the places of those before stay.
	slices.SortFunc(edits, func(a, b edit) int {
		if a.at.Line != b.at.Line {
			return b.at.Line - a.at.Line
		}
		return b.at.Column - a.at.Column
	})
	fixed, mended := bytes.Clone(content), 0
	for _, e := range edits {
		from := offset(fixed, e.at)
		if from < 0 || !bytes.HasPrefix(fixed[from:], []byte(e.before)) {
			continue // not the text that was read
		}
		fixed = slices.Concat(fixed[:from], []byte(e.after), fixed[from+len(e.before):])
		mended++
	}
	return fixed, mended
}

// offset is where a position is in a text; -1 where it has none such.
func offset(text []byte, at Position) int {
	from := 0
	for range at.Line - 1 {
		i := bytes.IndexByte(text[from:], '\n')
		if i < 0 {
			return -1
		}
		from += i + 1
	}
	for range at.Column - 1 {
		_, size := utf8.DecodeRune(text[from:])
		if size == 0 {
			return -1
		}
		from += size
	}
	return from
}
