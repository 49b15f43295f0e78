package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"istio-circuit-breaker/internal/board"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
)

// every is the shortest time between two states that are only newer numbers.
const every = 100 * time.Millisecond

// hub folds a run's entries into the state that all pages show, and wakes their
// readers when it changed.
type hub struct {
	options Options

	mu     sync.Mutex
	board  board.Board
	series series
	lost   map[string]string // sources that are not heard of, with the error
	events int               // that the board has taken
	load   mesh.Load
	on     bool
	ended  bool
	clock  board.Clock

	parts   []part
	version uint64    // of the newest part
	fresh   time.Time // when the parts were last made
	stale   bool      // the parts are older than the state
	timer   *time.Timer
	readers map[*reader]bool
}

// part is one member of the state's object, and in which version it changed.
type part struct {
	name    string
	json    []byte
	version uint64
}

func newHub(o Options) *hub {
	return &hub{options: o, load: o.Load, on: o.On, stale: true, clock: board.Clock{Pace: o.Pace},
		lost: map[string]string{}, readers: map[*reader]bool{}}
}

// show takes the next entry, at the time of the run that it is now.
func (h *hub) show(e timeline.Entry, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock.Reach(now)
	h.board.Apply(e)
	h.series.apply(h.board.OnOneClock(e), h.board.Rows, h.clock.Now())
	if e.Event != nil {
		h.note(*e.Event)
	}
	if e.Step != nil && board.StepWords(*e.Step) != "" {
		h.events++
	}
	h.changed(e.Event != nil || e.Verdict != nil)
}

func (h *hub) note(e timeline.Event) {
	if e.Kind != timeline.Confirmed {
		h.events++
	}
	switch e.Kind {
	case timeline.SourceLost:
		h.lost[e.Source] = e.Detail
	case timeline.SourceBack:
		delete(h.lost, e.Source)
	}
}

// setLoad changes the load. It holds the lock meanwhile, so that the session and
// the pages are told of two changes in the same order.
func (h *hub) setLoad(l mesh.Load, on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.load, h.on = l, on
	if !on {
		l = mesh.Load{}
	}
	h.options.SetLoad(l)
	h.changed(true)
}

// end says that nothing follows.
func (h *hub) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock.Stop()
	h.ended = true
	h.changed(true)
}

// changed wakes the readers: at once, or when the last state is old enough.
func (h *hub) changed(urgent bool) {
	h.stale = true
	if len(h.readers) == 0 {
		return // whoever comes makes the parts
	}
	if wait := every - time.Since(h.fresh); !urgent && wait > 0 {
		if h.timer == nil {
			h.timer = time.AfterFunc(wait, h.wake)
		}
		return
	}
	h.refresh()
}

func (h *hub) wake() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refresh()
}

// refresh makes the parts anew and wakes the readers.
func (h *hub) refresh() {
	if h.timer != nil {
		h.timer.Stop()
		h.timer = nil
	}
	h.fresh, h.stale = time.Now(), false
	h.version++
	now := h.state()
	if h.parts == nil {
		h.parts = make([]part, len(now))
	}
	for i, member := range now {
		text, err := json.Marshal(member.value)
		if err != nil { // a number that JSON cannot say
			text = []byte("null")
		}
		if p := &h.parts[i]; !bytes.Equal(p.json, text) {
			*p = part{member.name, text, h.version}
		}
	}
	for r := range h.readers {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
}

// reader is one browser's place in the stream.
type reader struct {
	hub  *hub
	wake chan struct{} // there is something new
	sent uint64        // version
}

// join adds a reader; its first message is all of the state.
func (h *hub) join() *reader {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stale {
		h.refresh()
	}
	r := &reader{hub: h, wake: make(chan struct{}, 1)}
	h.readers[r] = true
	return r
}

func (r *reader) leave() {
	r.hub.mu.Lock()
	defer r.hub.mu.Unlock()
	delete(r.hub.readers, r)
}

// next is a JSON object of the parts that changed since the last call, with the
// run's time and pace; last is true when nothing will follow it.
func (r *reader) next() (message []byte, last bool) {
	h := r.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	message = fmt.Appendf(nil, `{"clock":{"at":%d,"pace":%g}`, h.clock.Now().UnixMilli(), h.clock.Pace)
	for _, p := range h.parts {
		if p.version > r.sent {
			message = fmt.Appendf(message, `,%q:%s`, p.name, p.json)
		}
	}
	r.sent = h.version
	return append(message, '}'), h.ended && !h.stale
}
