package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/moby/moby/api/types/jsonstream"
)

// tailLines is how much of a failed build's output its error carries.
const tailLines = 20

// progress follows the stream of messages that the engine answers a build or a
// push with.
type progress struct {
	status func(line string)
	steps  *steps
	last   []string // the last tailLines lines of output
	digest string   // of the pushed manifest
}

func newProgress(status func(string)) *progress {
	return &progress{status: status, steps: newSteps()}
}

// read reports every message until the stream ends, and returns the error that
// the engine sent in it, if any.
func (p *progress) read(r io.Reader) error {
	decoder := json.NewDecoder(r)
	for {
		var m jsonstream.Message
		if err := decoder.Decode(&m); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading the engine's answer: %w", err)
		}
		if m.Error != nil {
			return m.Error
		}
		if err := p.message(m); err != nil {
			return err
		}
	}
}

func (p *progress) message(m jsonstream.Message) error {
	p.output(m.Stream)
	switch {
	case m.ID == "moby.buildkit.trace" && m.Aux != nil:
		var trace []byte
		if err := json.Unmarshal(*m.Aux, &trace); err != nil {
			return fmt.Errorf("reading the builder's progress: %w", err)
		}
		lines, err := p.steps.update(trace)
		if err != nil {
			return err
		}
		for _, line := range lines {
			p.output(line)
		}
	case m.Aux != nil:
		// After a push: {"Tag":"v1","Digest":"sha256:...","Size":1234}.
		var pushed struct{ Digest string }
		if err := json.Unmarshal(*m.Aux, &pushed); err == nil && pushed.Digest != "" {
			p.digest = pushed.Digest
		}
	case m.Status != "" && m.ID != "":
		p.status(m.ID + ": " + m.Status)
	case m.Status != "":
		p.status(m.Status)
	}
	return nil
}

// output shows text that the build wrote, line by line.
func (p *progress) output(text string) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		if line == "" {
			continue
		}
		p.status(line)
		p.last = append(p.last, line)
		if len(p.last) > tailLines {
			p.last = p.last[1:]
		}
	}
}

// tail is the end of the output for an error message: empty, or lines of their own.
func (p *progress) tail() string {
	if len(p.last) == 0 {
		return ""
	}
	return "\nlast lines of the build:\n  " + strings.Join(p.last, "\n  ")
}
