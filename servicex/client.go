package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"
)

// stopLimit is how long the client may take to end when it is told to.
const stopLimit = 2 * time.Second

// client is the client's role.
func client(p process, args []string) error {
	o, err := readOptions(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(p.stdout, clientUsage())
	}
	if err != nil {
		return err
	}
	return o.run(p)
}

// run sends the load until something ends it: a signal, the duration, the end of
// the input, or answers that cannot be written.
func (o options) run(p process) error {
	stop, end := context.WithCancelCause(context.Background())
	defer end(nil)
	if o.Duration > 0 {
		timer := time.AfterFunc(o.Duration, func() { end(nil) })
		defer timer.Stop()
	}
	go func() {
		select {
		case <-p.signals:
			end(nil)
		case <-stop.Done():
		}
	}()
	if o.StopOnStdinClose {
		go func() {
			// However it ends, with an error too: nobody holds it any more.
			_, _ = io.Copy(io.Discard, p.stdin)
			end(nil)
		}()
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		o.load.report(stop, p.stdout, end)
	}()
	<-stop.Done()
	select {
	case <-ended:
	case <-time.After(stopLimit):
		return fmt.Errorf("writing answers: nobody has read them for %v", stopLimit)
	}
	if err := context.Cause(stop); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// report runs the load until stop ends, and writes a line for each answer. Where
// that fails it ends the run with the error.
func (l load) report(stop context.Context, out io.Writer, end func(error)) {
	records := make(chan record, waiting)
	go func() {
		defer close(records)
		l.run(stop, records)
	}()
	writeLines(out, records, end)
}
