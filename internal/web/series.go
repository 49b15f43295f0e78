package web

import (
	"cmp"
	"slices"
	"time"

	"istio-circuit-breaker/internal/board"
	"istio-circuit-breaker/internal/timeline"
)

// window is how far back the page's chart goes, and spare what is kept beyond
// it, so that its oldest second is whole.
const (
	window = 90 * time.Second
	spare  = 5 * time.Second
)

// series is the last seconds as the chart draws them.
type series struct {
	seconds []second // sorted; a second without answers is not in it
	bands   []band   // in the order in which they began
}

// second counts the answers that ended in it.
type second struct {
	unix                         int64
	ok, gateway, other, noAnswer int
}

// band is a time out of a pod.
type band struct {
	pod      string
	from, to time.Time // to is zero while it lasts
}

// apply takes an entry, with the rows of the board after it.
func (s *series) apply(e timeline.Entry, rows []board.Row, now time.Time) {
	switch {
	case e.Answer != nil:
		s.answer(e.Time.Add(e.Answer.Latency), e.Answer.Code)
	case e.Snapshot != nil, e.Event != nil:
		s.follow(rows, now)
	}
	oldest := now.Add(-window - spare)
	s.seconds = slices.DeleteFunc(s.seconds, func(x second) bool { return x.unix < oldest.Unix() })
	s.bands = slices.DeleteFunc(s.bands, func(b band) bool { return !b.to.IsZero() && b.to.Before(oldest) })
}

func (s *series) answer(end time.Time, code int) {
	i, found := slices.BinarySearchFunc(s.seconds, end.Unix(), func(x second, unix int64) int { return cmp.Compare(x.unix, unix) })
	if !found {
		s.seconds = slices.Insert(s.seconds, i, second{unix: end.Unix()})
	}
	switch x := &s.seconds[i]; {
	case code == 0:
		x.noAnswer++
	case code >= 200 && code < 400:
		x.ok++
	case timeline.GatewayError(code):
		x.gateway++
	default:
		x.other++
	}
}

// follow opens and closes bands by what the rows say.
func (s *series) follow(rows []board.Row, now time.Time) {
	open := map[string]*band{}
	for i := range s.bands {
		if b := &s.bands[i]; b.to.IsZero() {
			open[b.pod] = b
		}
	}
	var begun []band
	for _, r := range rows {
		b := open[r.Name]
		delete(open, r.Name)
		switch {
		case r.State == timeline.Ejected && b == nil:
			from := r.EjectedAt
			if from.IsZero() {
				from = now
			}
			begun = append(begun, band{pod: r.Name, from: from})
		case r.State == timeline.Ejected && !r.EjectedAt.IsZero():
			b.from = r.EjectedAt // another source may have known it better
		case r.State != timeline.Ejected && b != nil:
			b.to = now
			if r.ReturnedAt.After(b.from) {
				b.to = r.ReturnedAt
			}
		}
	}
	for _, b := range open { // its pod was removed
		b.to = now
	}
	s.bands = append(s.bands, begun...)
}

// tuples are the seconds as the page reads them: when, and the answers by code.
func (s *series) tuples() [][5]int64 {
	tuples := make([][5]int64, 0, len(s.seconds))
	for _, x := range s.seconds {
		tuples = append(tuples, [5]int64{x.unix, int64(x.ok), int64(x.gateway), int64(x.other), int64(x.noAnswer)})
	}
	return tuples
}

type bandState struct {
	Pod  string `json:"pod"`
	From int64  `json:"from"`
	To   int64  `json:"to"` // 0 while it lasts
}

func (s *series) outs() []bandState {
	outs := make([]bandState, 0, len(s.bands))
	for _, b := range s.bands {
		outs = append(outs, bandState{b.pod, millis(b.from), millis(b.to)})
	}
	return outs
}
