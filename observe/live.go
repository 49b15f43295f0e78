package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"istio-circuit-breaker/internal/board"
	"istio-circuit-breaker/internal/screen"
	"istio-circuit-breaker/internal/timeline"

	"golang.org/x/term"
)

const (
	// shortest is the time between two drawings, however many entries come.
	shortest = 50 * time.Millisecond
	// longest is the same where none comes, so that seconds are counted down.
	longest = 200 * time.Millisecond
)

// Codes of the terminal: the alternate screen, without cursor and without
// wrapping of lines, and back.
const (
	enter     = "\x1b[?1049h\x1b[?25l\x1b[?7l"
	leave     = "\x1b[?7h\x1b[?25h\x1b[?1049l"
	home      = "\x1b[H"
	clearLine = "\x1b[K" // from the cursor on
	clearRest = "\x1b[J"
)

// display is a terminal that can be drawn on.
type display struct {
	out    io.Writer
	size   func() (width, height int, err error) // asked before each drawing
	colour bool
}

// displayOf is the display behind w; ok is false where w is no terminal, or one
// that only prints.
func displayOf(w io.Writer) (d display, ok bool) {
	if !terminal(w) || os.Getenv("TERM") == "dumb" {
		return display{}, false
	}
	fd := int(w.(*os.File).Fd())
	return display{out: w, size: func() (int, int, error) { return term.GetSize(fd) }, colour: os.Getenv("NO_COLOR") == ""}, true
}

// live draws a run on a terminal again and again, until it is closed.
type live struct {
	display
	pace float64 // of the run's time to that of the wall; 0: draw only the end

	mu    sync.Mutex
	board board.Board
	past  []board.Board // of the runs before, where a recording holds several
	note  string
	clock board.Clock
	err   error // of the terminal

	fresh, stop, stopped chan struct{}
}

func newLive(d display, pace float64) *live {
	l := &live{display: d, pace: pace, clock: board.Clock{Pace: pace}, fresh: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{})}
	if pace == 0 {
		close(l.stopped)
		return l
	}
	l.write(enter)
	go l.run()
	return l
}

// show takes the next entry, at the time of the run that it is now.
func (l *live) show(e timeline.Entry, at time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clock.Reach(at)
	if e.Header != nil && l.board.Header.Version != 0 {
		l.past, l.board = append(l.past, l.board), board.Board{}
	}
	l.board.Apply(e)
	l.changed()
	return l.err
}

// say shows a line of progress beneath the board, until the next.
func (l *live) say(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.note = line
	l.changed()
}

func (l *live) changed() {
	select {
	case l.fresh <- struct{}{}:
	default: // the drawing to come shows it
	}
}

// run draws what is new, and the time that passes.
func (l *live) run() {
	defer close(l.stopped)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-l.fresh:
		case <-timer.C:
		}
		l.draw()
		select {
		case <-l.stop:
			return
		case <-time.After(shortest):
		}
		timer.Reset(longest - shortest)
	}
}

// draw writes over what was drawn before.
func (l *live) draw() {
	l.mu.Lock()
	defer l.mu.Unlock()
	width, height := l.room()
	if l.note != "" {
		height--
	}
	lines := screen.Lines(l.board, l.shown(), width, height, l.colour)
	if l.note != "" {
		lines = append(lines, screen.Note(l.note, width, l.colour))
	}
	l.write(home + strings.Join(lines, clearLine+"\r\n") + clearLine + clearRest)
}

// shown is the time on the screen, in this machine's zone.
func (l *live) shown() time.Time {
	if now := l.clock.Now(); !now.IsZero() {
		return now.Local()
	}
	return time.Now()
}

// room is the space for lines. The last column stays free: with the cursor
// behind it, clearing the rest of a line would clear its last character.
func (l *live) room() (width, height int) {
	width, height, err := l.size()
	if err != nil || width <= 1 || height <= 0 {
		return 79, 24
	}
	return width - 1, height
}

// write keeps the first error.
func (l *live) write(text string) {
	if _, err := io.WriteString(l.out, text); err != nil && l.err == nil {
		l.err = fmt.Errorf("drawing on the terminal: %w", err)
	}
}

// close puts the terminal back as it was, and prints how each run ended. It may
// be called twice.
func (l *live) close() error {
	select {
	case <-l.stop:
		return nil
	default:
		close(l.stop)
	}
	<-l.stopped
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.shown()
	if l.pace != 0 {
		l.write(leave)
	}
	width, height := l.room()
	for i, b := range append(l.past, l.board) {
		if b.Began.IsZero() {
			continue // nothing was seen
		}
		at := now
		if i < len(l.past) || l.pace == 0 {
			at = b.Now.Local()
		}
		// Room for the prompt.
		l.write(strings.Join(screen.Lines(b, at, width, max(height-1, 1), l.colour), "\n") + "\n")
		if i < len(l.past) {
			l.write("\n")
		}
	}
	return l.err
}
