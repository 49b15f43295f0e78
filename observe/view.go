package main

import (
	"encoding/json"
	"fmt"
	"time"

	"istio-circuit-breaker/internal/timeline"
)

// view shows a stream: as JSON, or one line an event.
type view struct {
	c    *call
	json bool
}

func newView(c *call, asJSON bool) *view { return &view{c, asJSON} }

// Show takes the next entry, at the time that it is now.
func (v *view) Show(e timeline.Entry, _ time.Time) error {
	if v.json {
		return json.NewEncoder(v.c.stdout).Encode(e)
	}
	if line := eventLine(e); line != "" {
		fmt.Fprintln(v.c.stdout, line)
	}
	return nil
}

// Close ends the view.
func (v *view) Close() error { return nil }
