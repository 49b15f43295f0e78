package main

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// steps turns BuildKit's progress into lines of text: the name of each step as
// it starts or is found in the cache, and what its commands write. The messages
// are moby.buildkit.v1.StatusResponse of BuildKit's api/services/control; only the
// fields named below are read, so that BuildKit need not be compiled.
type steps struct{ named map[string]bool }

// Field numbers in control.proto.
const (
	statusVertexes = 1
	statusLogs     = 3

	vertexDigest  = 1
	vertexName    = 3
	vertexCached  = 4
	vertexStarted = 5

	logMessage = 4
)

func newSteps() *steps { return &steps{named: map[string]bool{}} }

// update reads one StatusResponse and returns the lines that it brings.
func (s *steps) update(message []byte) ([]string, error) {
	var lines []string
	err := eachField(message, func(field protowire.Number, value []byte, _ uint64) error {
		switch field {
		case statusVertexes:
			line, err := s.vertex(value)
			if line != "" {
				lines = append(lines, line)
			}
			return err
		case statusLogs:
			return eachField(value, func(field protowire.Number, value []byte, _ uint64) error {
				if field == logMessage {
					lines = append(lines, string(value))
				}
				return nil
			})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the builder's progress: %w", err)
	}
	return lines, nil
}

// vertex returns a step's name the first time that it is under way or cached.
func (s *steps) vertex(message []byte) (string, error) {
	var digest, name string
	var cached, started bool
	err := eachField(message, func(field protowire.Number, value []byte, number uint64) error {
		switch field {
		case vertexDigest:
			digest = string(value)
		case vertexName:
			name = string(value)
		case vertexCached:
			cached = number != 0
		case vertexStarted:
			started = true
		}
		return nil
	})
	if err != nil || name == "" || !cached && !started || s.named[digest] {
		return "", err
	}
	s.named[digest] = true
	if cached {
		return name + " (cached)", nil
	}
	return name, nil
}

// eachField calls visit for every field of a protobuf message: with value for
// those that have a length, with number for varints.
func eachField(message []byte, visit func(field protowire.Number, value []byte, number uint64) error) error {
	for len(message) > 0 {
		field, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		var value []byte
		var number uint64
		switch kind {
		case protowire.BytesType:
			value, n = protowire.ConsumeBytes(message)
		case protowire.VarintType:
			number, n = protowire.ConsumeVarint(message)
		default:
			n = protowire.ConsumeFieldValue(field, kind, message)
		}
		if n < 0 {
			return fmt.Errorf("field %d: %w", field, protowire.ParseError(n))
		}
		message = message[n:]
		if err := visit(field, value, number); err != nil {
			return err
		}
	}
	return nil
}
