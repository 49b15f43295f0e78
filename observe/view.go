package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"istio-circuit-breaker/internal/screen"
	"istio-circuit-breaker/internal/timeline"
	"istio-circuit-breaker/internal/verify"
)

// view shows a stream: drawn on a terminal, else as JSON or one line an event.
type view struct {
	c    *call
	out  io.Writer
	json bool
	live *live // nil where it is not drawn
	// held is the results that wait for the terminal to be free again.
	held strings.Builder
}

// newView shows a stream on out. Pace is that of the run's time to this
// machine's; 0 is at once.
func newView(c *call, out io.Writer, asJSON bool, pace float64) *view {
	v := &view{c: c, out: out, json: asJSON}
	if d, ok := c.display(out); ok && !asJSON {
		v.live = newLive(d, pace)
	}
	return v
}

// Show takes the next entry, at the time that it is now.
func (v *view) Show(e timeline.Entry, now time.Time) error {
	switch {
	case v.json:
		return json.NewEncoder(v.out).Encode(e)
	case v.live != nil:
		return v.live.show(e, now)
	}
	if line := screen.EventLine(e); line != "" {
		fmt.Fprintln(v.out, line)
	}
	return nil
}

// Say shows a line of progress.
func (v *view) Say(line string) {
	if v.live != nil {
		v.live.say(line)
		return
	}
	v.c.say(line)
}

// Result prints text on stdout: at once, or when the terminal is free again.
func (v *view) Result(text string) {
	if _, same := v.c.display(v.c.stdout); same && v.live != nil {
		v.held.WriteString(text)
		return
	}
	fmt.Fprint(v.c.stdout, text)
}

// Proof prints an entry of a proof as a result.
func (v *view) Proof(e timeline.Entry) {
	switch {
	case e.Phase != nil:
		v.Result(verify.Text(*e.Phase))
	case e.Verdict != nil:
		v.Result("\n" + e.Verdict.Words + "\n")
	}
}

// Close ends the view. It may be called twice.
func (v *view) Close() error {
	if v.live == nil {
		return nil
	}
	err := v.live.close()
	fmt.Fprint(v.c.stdout, v.held.String())
	v.held.Reset()
	return err
}
