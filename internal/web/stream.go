package web

import (
	"bytes"
	"fmt"
	"net/http"
	"time"
)

// stream is the server-sent events: the state, and how it changes.
type stream struct {
	hub            *hub
	beat, patience time.Duration
}

func (s stream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	reader := s.hub.join()
	defer reader.leave()
	beat := time.NewTicker(s.beat)
	defer beat.Stop()
	for prefix := "retry: 1000\n"; ; prefix = "" {
		message, last := reader.next()
		if err := s.send(w, out, prefix, message); err != nil || last {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-reader.wake:
		case <-beat.C:
		}
	}
}

func (s stream) send(w http.ResponseWriter, out *http.ResponseController, prefix string, message []byte) error {
	if err := out.SetWriteDeadline(time.Now().Add(s.patience)); err != nil {
		return fmt.Errorf("limiting a browser's time: %w", err)
	}
	// Browsers would take a line break for the end of the data; JSON has none.
	message = bytes.ReplaceAll(message, []byte("\n"), nil)
	if _, err := fmt.Fprintf(w, "%sdata: %s\n\n", prefix, message); err != nil {
		return fmt.Errorf("writing to a browser: %w", err)
	}
	return out.Flush()
}
