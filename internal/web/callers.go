package web

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"istio-circuit-breaker/internal/callers"
)

//go:embed callers
var callersAssets embed.FS

// CallersPage shows who has ejected whom.
type CallersPage struct {
	*site
	matrix func() callers.Matrix

	mu     sync.Mutex
	events []callers.Event // the newest
	ended  chan struct{}
	end    func() // closes ended, once
}

// keptEvents is how many of the newest events a page shows.
const keptEvents = 100

// OpenCallers serves a page of what matrix says, at a loopback address (see Open),
// until it is closed.
func OpenCallers(ctx context.Context, addr string, matrix func() callers.Matrix) (*CallersPage, error) {
	listener, err := listen(ctx, addr)
	if err != nil {
		return nil, err
	}
	p := &CallersPage{matrix: matrix, ended: make(chan struct{})}
	p.end = sync.OnceFunc(func() { close(p.ended) })
	mux := http.NewServeMux()
	err = serveFiles(mux, callersAssets, "callers")
	if err == nil {
		err = serveFiles(mux, assets, "assets", "style.css", "stream.js", "icon.svg")
	}
	if err != nil {
		listener.Close()
		return nil, err
	}
	mux.Handle("GET /events", own(http.HandlerFunc(p.stream)))
	p.site = newSite(listener, guard(listener.Addr().String(), mux))
	return p, nil
}

// Show takes what happened. It does not wait for browsers.
func (p *CallersPage) Show(e callers.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, e)
	p.events = p.events[max(len(p.events)-keptEvents, 0):]
}

// Close tells the browsers that the watch has ended, and stops serving. It may be
// called twice.
func (p *CallersPage) Close() error {
	p.end()
	return p.site.Close()
}

// stream sends the state whenever it has changed, and now and then in any case.
func (p *CallersPage) stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	to := stream{beat: beat, patience: patience}
	next := time.NewTicker(every)
	defer next.Stop()
	var sent []byte
	var at time.Time
	prefix := "retry: 1000\n"
	for last := false; !last; {
		select {
		case <-r.Context().Done():
			return
		case <-p.ended:
			last = true
		case <-next.C:
		}
		message := p.message(last)
		if !last && bytes.Equal(message, sent) && time.Since(at) < beat {
			continue
		}
		if to.send(w, http.NewResponseController(w), prefix, message) != nil {
			return
		}
		sent, at, prefix = message, time.Now(), ""
	}
}

func (p *CallersPage) message(ended bool) []byte {
	p.mu.Lock()
	events := p.events
	p.mu.Unlock()
	text, err := json.Marshal(stateOfCallers(p.matrix(), events, time.Now(), ended))
	if err != nil { // plain fields cannot fail
		return []byte("{}")
	}
	return text
}
