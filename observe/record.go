package main

import (
	"encoding/json"
	"fmt"
	"os"

	"istio-circuit-breaker/internal/timeline"
)

// recording writes entries to a file; without a file it takes them in silence.
type recording struct{ file *os.File }

func newRecording(path string) (*recording, error) {
	if path == "" {
		return &recording{}, nil
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	return &recording{file}, nil
}

func (r *recording) Write(e timeline.Entry) error {
	if r.file == nil {
		return nil
	}
	if err := json.NewEncoder(r.file).Encode(e); err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	return nil
}

// Close may be called twice.
func (r *recording) Close() error {
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	r.file = nil
	return err
}

// readRecording reads all entries of a file.
func readRecording(path string) ([]timeline.Entry, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading a recording: %w", err)
	}
	defer file.Close()
	var entries []timeline.Entry
	for lines := json.NewDecoder(file); lines.More(); {
		var e timeline.Entry
		if err := lines.Decode(&e); err != nil {
			return nil, fmt.Errorf("reading the recording %q: %w", path, err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}
