package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"istio-circuit-breaker/internal/callers"
	"istio-circuit-breaker/internal/screen"
)

// lookEvery is the time between two looks at a caller.
const lookEvery = 250 * time.Millisecond

// keptEvents is how many of the newest events a screen may show.
const keptEvents = 100

// watchService shows who has ejected whom until ctx ends: drawn on a terminal,
// else as one line an event; beside the page that is asked for.
func (c *call) watchService(ctx context.Context, cluster callers.Cluster, scope callers.Scope, asJSON bool, page *webPage) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	session, err := callers.Start(ctx, cluster, scope, lookEvery)
	if err != nil {
		return err
	}
	shown, err := page.openCallers(ctx, session.Matrix)
	if err != nil {
		return err
	}
	if shown != nil {
		defer shown.Close()
	}
	if d, ok := c.display(c.stdout); ok && !asJSON {
		return drawCallers(d, session)
	}
	out := json.NewEncoder(c.stdout)
	for e := range session.Events() {
		if shown != nil {
			shown.Show(e)
		}
		if asJSON {
			if err := out.Encode(e); err != nil {
				return fmt.Errorf("writing an event: %w", err)
			}
		} else if line := screen.CallerLine(e); line != "" {
			fmt.Fprintln(c.stdout, line)
		}
	}
	if shown != nil {
		return shown.Close()
	}
	return nil
}

// drawCallers draws the session again and again until it ends, and prints how it
// ended.
func drawCallers(d display, session *callers.Session) error {
	l := &live{display: d}
	var events []callers.Event
	lines := func(lower int) []string {
		width, height := l.room()
		return screen.Callers(session.Matrix(), events, time.Now(), width, max(height-lower, 1), l.colour)
	}
	l.write(enter)
	for running := true; running && l.err == nil; {
		l.write(home + strings.Join(lines(0), clearLine+"\r\n") + clearLine + clearRest)
		running = takeEvents(session, &events)
	}
	l.write(leave + strings.Join(lines(1), "\n") + "\n") // room for the prompt
	return l.err
}

// takeEvents takes what happens until it is time to draw: soon after something
// did, so that a burst is drawn once. It is false where the session has ended.
func takeEvents(session *callers.Session, events *[]callers.Event) bool {
	draw, first := time.After(longest), true
	for {
		select {
		case e, more := <-session.Events():
			if !more {
				return false
			}
			if first {
				draw, first = time.After(shortest), false
			}
			*events = append(*events, e)
			*events = (*events)[max(len(*events)-keptEvents, 0):]
		case <-draw:
			return true
		}
	}
}
