package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// text is a file, or an object of a cluster, which has no name, while it is read: nodes of its present document have lines of
// their own, counted from that document's first.
type text struct {
	name   string
	before int // lines before the document
	// aside is of what is read for what it does to others, and not judged.
	aside bool
	// spec of an object of a cluster, which is JSON already.
	spec json.RawMessage
}

// at is where a node stands in the file.
func (t text) at(n *yaml.Node) Position {
	if n == nil {
		return Position{Line: t.before + 1, Column: 1}
	}
	return Position{Line: t.before + n.Line, Column: n.Column}
}

// parse hands over each document's root. It fails, once all that can be read was
// handed over, on every document that is no YAML.
func parse(name string, content []byte, each func(text, *yaml.Node)) error {
	var errs []error
	for before, chunk := range documents(content) {
		in := text{name: name, before: before}
		for decoder := yaml.NewDecoder(bytes.NewReader(withoutVersion(chunk))); ; {
			var document yaml.Node
			err := decoded(decoder, &document)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				errs = append(errs, in.failed(err, chunk))
				break
			}
			if len(document.Content) > 0 {
				asKubectl(document.Content[0])
				each(in, document.Content[0])
			}
		}
	}
	return errors.Join(errs...)
}

// decoded is Decode without its panics.
func decoded(from interface{ Decode(any) error }, into any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("yaml: %v", p)
		}
	}()
	return from.Decode(into)
}

var (
	lineOfError = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)
	// The library counts lines from 0 in what its parser says, and from 1 in what
	// its scanner says; these are the parser's. Source: go.yaml.in/yaml/v3
	// decode.go, parser.fail, and parserc.go.
	fromZero      = regexp.MustCompile(`^(did not find expected (key|','|'-' indicator|<|node content)|found (duplicate %|incompatible YAML|undefined tag handle))`)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
)

// failed is a parser's error with the line in the file.
func (t text) failed(err error, chunk []byte) error {
	line, words := 1, err.Error()
	if m := lineOfError.FindStringSubmatch(words); m != nil {
		words = words[len(m[0]):]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
			if fromZero.MatchString(words) {
				line++
			}
		}
	}
	if m := unknownAnchor.FindStringSubmatch(words); m != nil {
		if before, _, found := bytes.Cut(chunk, []byte("*"+m[1])); found {
			line = 1 + bytes.Count(before, []byte("\n"))
		}
	}
	err = errors.New(words)
	if bytes.Contains(chunk, []byte("{{")) {
		err = fmt.Errorf("%w, in %w", err, ErrTemplate)
	}
	return fmt.Errorf("parsing %q, line %d: %w", t.name, t.before+line, err)
}

// ErrTemplate is that a text is none that a cluster takes, but what such are made of.
var ErrTemplate = errors.New("a template that was not rendered")
