package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// paper is a terminal that keeps all that was written on it.
type paper struct {
	mu            sync.Mutex
	text          strings.Builder
	width, height int
	err           error // of writes
}

func (p *paper) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text.Write(b)
	return len(b), p.err
}

func (p *paper) display(colour bool) display {
	return display{out: p, colour: colour, size: func() (int, int, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.width, p.height, nil
	}}
}

// written is all of it: what came before, on, and after the alternate screen.
func (p *paper) written(t *testing.T) (before string, frames []string, after string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	text := p.text.String()
	if strings.Count(text, enter) != 1 || strings.Count(text, leave) != 1 {
		t.Fatalf("the alternate screen was entered %d times and left %d times, want once each", strings.Count(text, enter), strings.Count(text, leave))
	}
	before, text, _ = strings.Cut(text, enter)
	text, after, _ = strings.Cut(text, leave)
	return before, strings.Split(text, home)[1:], after
}

// drawn are the lines of a frame.
func drawn(frame string) []string {
	return strings.Split(strings.TrimSuffix(frame, clearLine+clearRest), clearLine+"\r\n")
}

var begin = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

// trip is a run in which pod b is ejected at 1 s, for 30 s.
func trip() []timeline.Entry {
	at := func(s float64) time.Time { return begin.Add(time.Duration(s * float64(time.Second))) }
	return []timeline.Entry{
		{Time: at(0), Header: &timeline.Header{Version: 1, Command: "watch", Service: "s", Rule: breaker.Rule{Enabled: true, ConsecutiveGatewayErrors: new(uint32(1)), MaxEjectionPercent: 50}}},
		{Time: at(0.1), Snapshot: &timeline.Snapshot{Pods: []timeline.Pod{{Name: "a", Version: "200", State: timeline.InRotation}, {Name: "b", Version: "504", State: timeline.InRotation}},
			Counters: timeline.Counters{Exported: true}}},
		{Time: at(0.5), Answer: &timeline.Answer{Code: 504, Pod: "b", Version: "504", Latency: time.Second / 2}},
		{Time: at(1), Event: &timeline.Event{Kind: timeline.PodEjected, Pod: "b", Errors: 1, Ejection: 1}},
	}
}

// inBubble draws in fake time, which begins with the run.
func inBubble(t *testing.T, p *paper, colour bool, do func(l *live)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := newLive(p.display(colour), 1)
		do(l)
		if err := l.close(); err != nil && p.err == nil {
			t.Errorf("close: %v", err)
		}
		if err := l.close(); err != nil {
			t.Errorf("closing again: %v", err)
		}
	})
}

func TestSecondsAreCountedDownWithoutEntries(t *testing.T) {
	p := &paper{width: 80, height: 24}
	inBubble(t, p, false, func(l *live) {
		for _, e := range trip() {
			if err := l.show(e, e.Time); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(10 * time.Second)
	})
	_, frames, after := p.written(t)
	if n := len(frames); n < 50 || n > 60 {
		t.Errorf("%d drawings in 10 s without entries, want one each 200 ms", n)
	}
	for _, left := range []string{"ejected, 30 s left", "ejected, 25 s left", "ejected, 21 s left"} {
		if !strings.Contains(strings.Join(frames, ""), left) {
			t.Errorf("no drawing says %q", left)
		}
	}
	if !strings.Contains(after, "ejected, 20 s left") || strings.ContainsAny(after, "\x1b\r") {
		t.Errorf("last frame on the normal screen: got %q", after)
	}
}

func TestManyEntriesAreDrawnTogether(t *testing.T) {
	p := &paper{width: 80, height: 24}
	inBubble(t, p, false, func(l *live) {
		for range 5000 {
			time.Sleep(time.Millisecond)
			e := timeline.Entry{Time: time.Now(), Answer: &timeline.Answer{Code: 200, Pod: "a"}}
			if err := l.show(e, e.Time); err != nil {
				t.Fatal(err)
			}
		}
	})
	_, frames, after := p.written(t)
	if n := len(frames); n < 90 || n > 101 {
		t.Errorf("%d drawings in 5 s of entries, want 20 a second", n)
	}
	if !strings.Contains(after, "5000 requests") {
		t.Errorf("the last frame lacks entries: %s", after)
	}
}

func TestADrawingFollowsTheSize(t *testing.T) {
	p := &paper{width: 120, height: 30}
	inBubble(t, p, true, func(l *live) {
		for _, e := range trip() {
			_ = l.show(e, e.Time)
		}
		l.say("Proving it; this takes a while.")
		time.Sleep(time.Second)
		p.mu.Lock()
		p.width, p.height = 50, 9
		p.mu.Unlock()
		time.Sleep(time.Second)
	})
	_, frames, _ := p.written(t)
	narrow := drawn(frames[len(frames)-1])
	if len(narrow) > 9 {
		t.Errorf("%d lines on a screen of 9", len(narrow))
	}
	if !strings.Contains(narrow[len(narrow)-1], "Proving it") {
		t.Errorf("last line: got %q, want the progress", narrow[len(narrow)-1])
	}
	codes := strings.NewReplacer("\x1b[0m", "", "\x1b[1m", "", "\x1b[2m", "", "\x1b[32m", "", "\x1b[31;1m", "", "\x1b[33m", "")
	for _, line := range narrow {
		if n := utf8.RuneCountInString(codes.Replace(line)); n > 49 {
			t.Errorf("%d characters on a screen of 50: %q", n, line)
		}
	}
	if !strings.Contains(strings.Join(drawn(frames[1]), "\n"), "\x1b[31;1m") {
		t.Errorf("no colour in %q", frames[1])
	}
}

func TestASizeThatNobodyKnowsIsTakenAsUsual(t *testing.T) {
	p := &paper{width: 0, height: 0}
	inBubble(t, p, false, func(l *live) {
		_ = l.show(trip()[0], begin)
		time.Sleep(shortest)
	})
	if _, frames, after := p.written(t); len(frames) == 0 || !strings.HasPrefix(after, "watch  s ") {
		t.Errorf("got %d drawings, and after it %q", len(frames), after)
	}
}

func TestATerminalThatIsGoneEndsTheRun(t *testing.T) {
	p := &paper{width: 80, height: 24, err: errors.New("input/output error")}
	inBubble(t, p, false, func(l *live) {
		if err := l.show(trip()[0], begin); err == nil || err.Error() != "drawing on the terminal: input/output error" {
			t.Errorf("got %v, want the terminal's error", err)
		}
	})
	p.written(t) // it was tried to put the terminal back
}

// shownOn replays a recording on a terminal.
func shownOn(ctx context.Context, t *testing.T, p *paper, recording string, flags ...string) (stdout, stderr string, err error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "run.jsonl")
	if err := os.WriteFile(file, []byte(recording), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, progress strings.Builder
	c := newCall(observe, &out, &progress)
	c.display = func(w io.Writer) (display, bool) { return p.display(false), w == io.Writer(&out) }
	err = c.run(ctx, append([]string{"replay", file}, flags...))
	return out.String(), progress.String(), err
}

const aProof = aRun + `{"time":"2026-11-24T10:00:00.3Z","phase":{"name":"trip","pod":"b","expected":"out after 1","measured":"out after 1","why":"one at a time","passed":true,"took":250000000}}
{"time":"2026-11-24T10:00:00.31Z","verdict":{"agrees":true,"words":"verdict:       the breaker does what the rule says"}}
`

func TestAReplayIsDrawnAndItsResultsFollow(t *testing.T) {
	p := &paper{width: 80, height: 24}
	stdout, stderr, err := shownOn(t.Context(), t, p, aProof, "--speed", "4")
	if err != nil || stderr != "" {
		t.Errorf("got %v and on stderr %q", err, stderr)
	}
	before, frames, after := p.written(t)
	if before != "" || len(frames) == 0 {
		t.Errorf("before the screen: %q, then %d drawings", before, len(frames))
	}
	for _, want := range []string{"after 1 error in a row", "verdict:       the breaker does what the rule says", "1 request, 0.0 % succeeded"} {
		if !strings.Contains(after, want) {
			t.Errorf("the last frame lacks %q:\n%s", want, after)
		}
	}
	if !strings.HasPrefix(stdout, "ok   trip b (0.2s)\n") || !strings.HasSuffix(stdout, "\nverdict:       the breaker does what the rule says\n") {
		t.Errorf("results: got\n%s", stdout)
	}
}

func TestAReplayAtOnceIsItsLastFrame(t *testing.T) {
	p := &paper{width: 80, height: 24}
	second := strings.NewReplacer("10:00:0", "10:00:4", `"command":"watch"`, `"command":"watch","label":"again"`).Replace(aRun)
	stdout, _, err := shownOn(t.Context(), t, p, aRun+second)
	if err != nil {
		t.Fatal(err)
	}
	got := p.text.String()
	if strings.Contains(got, "\x1b") || strings.Count(got, "1 request, ") != 2 || !strings.Contains(got, "watch (again)") {
		t.Errorf("got %q, want both runs without any code", got)
	}
	if !strings.Contains(stdout, "breaker on   breaker on") {
		t.Errorf("results: got %q, want both runs side by side", stdout)
	}
}

func TestTheTerminalIsPutBackHoweverTheRunEnds(t *testing.T) {
	long := aRun + `{"time":"2026-11-24T11:00:00Z","answer":{"latency":1,"code":200,"pod":"a"}}` + "\n"
	t.Run("interrupted", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		p := &paper{width: 80, height: 24}
		time.AfterFunc(300*time.Millisecond, stop)
		if _, stderr, err := shownOn(ctx, t, p, long, "--speed", "2"); err != nil || stderr != "" {
			t.Errorf("got %v and on stderr %q", err, stderr)
		}
		if _, _, after := p.written(t); !strings.Contains(after, "ejected b") {
			t.Errorf("the last frame lacks the event: %q", after)
		}
	})
	t.Run("a panic", func(t *testing.T) {
		p := &paper{width: 80, height: 24}
		func() {
			defer func() { _ = recover() }()
			c := newCall(observe, io.Discard, io.Discard)
			c.display = func(io.Writer) (display, bool) { return p.display(false), true }
			v := newView(c, io.Discard, false, 1)
			defer v.Close()
			panic("a mistake")
		}()
		if _, _, after := p.written(t); after != "" {
			t.Errorf("of a run that had not begun: %q", after)
		}
	})
	t.Run("the terminal is gone", func(t *testing.T) {
		p := &paper{width: 80, height: 24, err: errors.New("input/output error")}
		if _, _, err := shownOn(t.Context(), t, p, long, "--speed", "2"); err == nil || !strings.Contains(err.Error(), "drawing on the terminal") {
			t.Errorf("got %v, want the terminal's error", err)
		}
		p.written(t)
	})
}

func TestProgressOnATerminalStaysOutOfResultsOnAPipe(t *testing.T) {
	p := &paper{width: 80, height: 24}
	var stdout, stderr strings.Builder
	c := newCall(observe, &stdout, &stderr)
	c.display = func(w io.Writer) (display, bool) { return p.display(false), w == io.Writer(&stderr) }
	v := newView(c, c.stderr, false, 1)
	phase := timeline.Entry{Time: begin, Phase: &timeline.Phase{Name: "mix", Expected: "both", Measured: "both", Why: "in turn", Statement: timeline.Proven}}
	v.Say("Proving it.")
	v.Proof(phase)
	if err := v.Show(phase, begin); err != nil {
		t.Fatal(err)
	}
	if got := stdout.String(); !strings.HasPrefix(got, "ok   mix (0.0s)\n") {
		t.Errorf("the phase is not printed at once: %q", got)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if got := stderr.String(); got != "" {
		t.Errorf("beside the drawing: %q", got)
	}
	if _, _, after := p.written(t); !strings.Contains(after, "mix  both") {
		t.Errorf("the last frame lacks the phase: %q", after)
	}
}
