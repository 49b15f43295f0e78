package lab

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Progress shows one line for each step: what it does, for how long, and what
// is being done now. On a terminal the line is there at once and redrawn;
// elsewhere it is printed when the step takes longer than a second, then at
// most every ten seconds, and at the end.
type Progress struct {
	Out      io.Writer
	Terminal bool
	// Width tells how many columns the terminal has; nil or 0 means any number.
	Width func() int

	mu     sync.Mutex
	step   string
	start  time.Time
	note   string    // what is being done now
	remark string    // what is worth saying at the end
	due    time.Time // when the line is printed next, where it is not redrawn
	stop   chan struct{}
}

const (
	redraw = 200 * time.Millisecond
	first  = time.Second
	repeat = 10 * time.Second
)

// Begin starts the line of a step.
func (p *Progress) Begin(step string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.step, p.start, p.note, p.remark, p.due = step, now, "", "", now.Add(first)
	p.stop = make(chan struct{})
	p.draw(now)
	go p.keepCurrent(p.stop)
}

// Note says what is being done now.
func (p *Progress) Note(note string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note = note
}

// Remark says what the step's last line tells beside its name, such as that
// there was nothing to do; a further one is told after it.
func (p *Progress) Remark(remark string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.remark != "" {
		remark = p.remark + "; " + remark
	}
	p.remark = remark
}

// End closes the line of the step with its outcome, and returns how long the
// step took.
func (p *Progress) End(err error) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.stop)
	p.stop = nil
	mark, remark := "ok  ", p.remark
	if err != nil {
		mark, remark = "FAIL", ""
	}
	took := time.Since(p.start)
	clear := ""
	if p.Terminal {
		clear = "\r\x1b[K"
	}
	fmt.Fprintf(p.Out, "%s%s\n", clear, line(mark, took, p.step, remark))
	return took
}

func line(mark string, took time.Duration, step, more string) string {
	s := fmt.Sprintf("%s %6.1fs  %s", mark, took.Seconds(), step)
	if more != "" {
		s += ": " + more
	}
	return s
}

func (p *Progress) keepCurrent(stop chan struct{}) {
	tick := time.NewTicker(redraw)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case now := <-tick.C:
			p.mu.Lock()
			if p.stop == stop { // else the step has ended since the tick
				p.draw(now)
			}
			p.mu.Unlock()
		}
	}
}

// draw is called with the lock held.
func (p *Progress) draw(now time.Time) {
	text := line("... ", now.Sub(p.start), p.step, p.note)
	switch {
	case p.Terminal:
		fmt.Fprintf(p.Out, "\r\x1b[K%s", p.cut(text))
	case !now.Before(p.due):
		p.due = now.Add(repeat)
		fmt.Fprintln(p.Out, text)
	}
}

// cut keeps a line that is redrawn on one row.
func (p *Progress) cut(text string) string {
	runes := []rune(text)
	if p.Width == nil {
		return text
	}
	if width := p.Width(); width > 0 && len(runes) >= width {
		return string(runes[:width-1])
	}
	return text
}
