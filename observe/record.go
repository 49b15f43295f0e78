package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"istio-circuit-breaker/internal/hint"
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

// readRecording reads all entries of a file. A last line that was cut off is left
// out with a warning: a run that was killed is shown up to there.
func (c *call) readRecording(path string) ([]timeline.Entry, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading a recording: %w", err)
	}
	defer file.Close()
	entries, err := timeline.ReadAll(file)
	switch {
	case errors.Is(err, timeline.ErrCutOff) && len(entries) > 0:
		c.say(fmt.Sprintf("warning: reading the recording %q: %v; showing what is before", path, err))
	case err != nil:
		return nil, fmt.Errorf("reading the recording %q: %w", path, err)
	case len(entries) == 0:
		return nil, hint.With(fmt.Errorf("reading the recording %q: nothing in it", path), "make one with `"+c.Shown+" watch --record RUN.jsonl`")
	}
	return entries, nil
}
