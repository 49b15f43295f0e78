package web

import (
	"slices"
	"time"

	"istio-circuit-breaker/internal/board"
	"istio-circuit-breaker/internal/timeline"
)

// member is one part of the state under the name that the page knows it by.
type member struct {
	name  string
	value any
}

// state is what the page shows. Times are milliseconds since 1970, and 0 where
// there is none.
func (h *hub) state() []member {
	return []member{
		{"run", h.run()},
		{"rule", h.rule()},
		{"pods", h.pods()},
		{"totals", h.board.Totals},
		{"counters", h.board.Counters},
		{"events", h.log()},
		{"seconds", h.series.tuples()},
		{"bands", h.series.outs()},
		{"load", loadState{On: h.on, Rate: h.load.Rate, Concurrency: h.load.Concurrency}},
		{"lost", h.lost},
		{"proof", h.proof()},
	}
}

type runState struct {
	Command   string `json:"command"`
	Context   string `json:"context"`
	Namespace string `json:"namespace"`
	Service   string `json:"service"`
	Began     int64  `json:"began"`
	Controls  bool   `json:"controls"` // the load can be switched
	Ended     bool   `json:"ended"`
}

func (h *hub) run() runState {
	head := h.board.Header
	return runState{Command: head.Command, Context: head.Context, Namespace: head.Namespace, Service: head.Service,
		Began: millis(h.board.Began), Controls: h.options.SetLoad != nil, Ended: h.ended}
}

type ruleState struct {
	Words string `json:"words"`
	// Threshold is the number of errors in a row that eject a pod; 0: none does.
	Threshold uint32 `json:"threshold"`
}

func (h *hub) rule() ruleState {
	if h.board.Began.IsZero() {
		return ruleState{}
	}
	threshold, _ := h.board.Rule.Threshold()
	return ruleState{Words: h.board.Rule.Words(len(h.board.Rows), 0), Threshold: threshold}
}

type podState struct {
	Name      string         `json:"name"`
	Version   string         `json:"version"`
	Address   string         `json:"address"`
	State     timeline.State `json:"state"`
	Requests  int            `json:"requests"`
	OK        int            `json:"ok"`
	Failed    int            `json:"failed"`
	Other     int            `json:"other"`
	InARow    int            `json:"inARow"`
	Ejections int            `json:"ejections"`
	// Back is when the pod's time is over, and Out how long that is.
	Back int64 `json:"back"`
	Out  int64 `json:"out"`
}

// pods are those that are out first, so that they are in sight however many
// there are.
func (h *hub) pods() []podState {
	rows := slices.Clone(h.board.Rows)
	slices.SortStableFunc(rows, func(a, b board.Row) int {
		out := func(r board.Row) int {
			if r.State == timeline.Ejected {
				return 0
			}
			return 1
		}
		return out(a) - out(b)
	})
	pods := make([]podState, 0, len(rows))
	for _, r := range rows {
		p := podState{Name: r.Name, Version: r.Version, Address: r.Address, State: r.State, Requests: r.Requests,
			OK: r.OK, Failed: r.Failed, Other: r.Other, InARow: r.InARow, Ejections: r.Ejections}
		if r.State == timeline.Ejected && !r.EjectedAt.IsZero() {
			out := h.board.Rule.Out(r.Factor).Least
			p.Back, p.Out = millis(r.EjectedAt.Add(out)), out.Milliseconds()
		}
		pods = append(pods, p)
	}
	return pods
}

type eventState struct {
	ID   int                `json:"id"` // counts from 1
	At   int64              `json:"at"`
	Kind timeline.EventKind `json:"kind"`
	Text string             `json:"text"`
	// Pod and its Ejection tell one of its times out from another.
	Pod      string `json:"pod,omitempty"`
	Ejection int    `json:"ejection,omitempty"`
}

// stepKind is what a step of a proof is called among the kinds of events.
const stepKind timeline.EventKind = "step"

// log is the newest events, the newest first.
func (h *hub) log() []eventState {
	known := h.board.Events
	log := make([]eventState, 0, len(known))
	for i := len(known) - 1; i >= 0; i-- {
		e := known[i]
		id := h.events - len(known) + i + 1
		if e.Step != nil {
			log = append(log, eventState{ID: id, At: millis(e.Time), Kind: stepKind, Text: board.StepWords(*e.Step)})
			continue
		}
		log = append(log, eventState{ID: id, At: millis(e.When(e.Time)), Kind: e.Kind, Text: words(e.Event),
			Pod: e.Pod, Ejection: e.Ejection})
	}
	return log
}

type loadState struct {
	On          bool    `json:"on"`
	Rate        float64 `json:"rate"` // requests a second; 0: as fast as answers come
	Concurrency int     `json:"concurrency"`
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
