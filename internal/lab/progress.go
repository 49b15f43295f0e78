package lab

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Progress shows one line for each step: what it does, for how long, and what
// is being done now. On a terminal the line is redrawn; elsewhere it is
// printed at the start, then at most every ten seconds, and at the end.
type Progress struct {
	Out      io.Writer
	Terminal bool

	mu      sync.Mutex
	step    string
	start   time.Time
	note    string
	printed time.Time
	stop    chan struct{}
}

const (
	redraw = 200 * time.Millisecond
	repeat = 10 * time.Second
)

// Begin starts the line of a step.
func (p *Progress) Begin(step string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.step, p.start, p.note, p.printed = step, time.Now(), "", time.Now()
	p.stop = make(chan struct{})
	go p.keepCurrent(p.stop)
}

// Note says what is being done now.
func (p *Progress) Note(note string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note = note
}

// End closes the line of the step with its outcome.
func (p *Progress) End(err error) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.stop)
	mark := "ok  "
	if err != nil {
		mark = "FAIL"
	}
	took := time.Since(p.start)
	clear := ""
	if p.Terminal {
		clear = "\r\x1b[K"
	}
	fmt.Fprintf(p.Out, "%s%s %6.1fs  %s\n", clear, mark, took.Seconds(), p.step)
	return took
}

func (p *Progress) keepCurrent(stop chan struct{}) {
	tick := time.NewTicker(redraw)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			p.draw()
		}
	}
}

func (p *Progress) draw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := fmt.Sprintf("...  %6.1fs  %s", time.Since(p.start).Seconds(), p.step)
	if p.note != "" {
		line += ": " + p.note
	}
	switch {
	case p.Terminal:
		fmt.Fprintf(p.Out, "\r\x1b[K%s", line)
	case time.Since(p.printed) >= repeat:
		p.printed = time.Now()
		fmt.Fprintln(p.Out, line)
	}
}
