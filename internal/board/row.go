package board

import (
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// Row is one pod.
type Row struct {
	Name     string         `json:"name"`
	Version  string         `json:"version"`
	Address  string         `json:"address,omitempty"`
	State    timeline.State `json:"state"`
	Requests int            `json:"requests"` // that were answered by the pod
	OK       int            `json:"ok"`       // 200
	Failed   int            `json:"failed"`   // 504
	Other    int            `json:"other"`    // any other code
	// InARow counts gateway errors since the last other answer or return.
	InARow    int `json:"inARow"`
	Ejections int `json:"ejections"` // in this run
	// EjectedAt is zero while the pod is not ejected, and where nobody saw when.
	EjectedAt time.Time `json:"ejectedAt,omitzero"`
	// ReturnedAt is when it was last back; zero before the first return.
	ReturnedAt time.Time `json:"returnedAt,omitzero"`
	// Factor times the base is how long the present or last ejection lasts.
	Factor int `json:"factor"`
	// OutSince is when a look first showed the pod ejected, of which no event has
	// told yet; zero else.
	OutSince time.Time `json:"-"`
	// ChangedAt is when an event last told of a way out or back; zero for none.
	ChangedAt time.Time `json:"-"`
}

// stale is true where a look that was asked for before an event told of a change
// contradicts it: the look may be older than the change. The next one is not.
func (r *Row) stale(asked time.Time, shown timeline.State) bool {
	contradicts := shown == timeline.InRotation && r.State == timeline.Ejected || shown == timeline.Ejected && r.State == timeline.InRotation
	return contradicts && !asked.IsZero() && asked.Before(r.ChangedAt)
}

// telling bounds the wait for the event of what a look has shown: the watch holds
// an ejection back until the answer that caused it has come.
const telling = time.Second

// untold is true while a pod that was in rotation is shown as ejected, and the
// event that knows since when is still to come.
func (r *Row) untold(at time.Time, shown timeline.State) bool {
	if shown != timeline.Ejected || r.State != timeline.InRotation {
		r.OutSince = time.Time{}
		return false
	}
	if r.OutSince.IsZero() {
		r.OutSince = at
	}
	return at.Sub(r.OutSince) < telling
}

// Left is the least time until an ejected pod is back, by the rule. It is false
// where the pod is not ejected or nobody saw when it was. At 0 the pod only
// waits for the next sweep.
func (r Row) Left(rule breaker.Rule, now time.Time) (time.Duration, bool) {
	if r.State != timeline.Ejected || r.EjectedAt.IsZero() {
		return 0, false
	}
	return max(rule.Out(r.Factor).Least-now.Sub(r.EjectedAt), 0), true
}

func (r *Row) answer(a timeline.Answer, rule breaker.Rule) {
	if a.Code == 0 {
		return
	}
	r.Requests++
	switch a.Code {
	case 200:
		r.OK++
	case 504:
		r.Failed++
	default:
		r.Other++
	}
	if _, by := rule.Threshold(); timeline.GatewayError(a.Code) || by == breaker.Any5xxDetector && a.Code >= 500 {
		r.InARow++
	} else {
		r.InARow = 0
	}
}

func (r *Row) eject(rule breaker.Rule, at time.Time, number int) {
	back := time.Duration(0)
	if !r.ReturnedAt.IsZero() {
		back = at.Sub(r.ReturnedAt)
	}
	r.Factor = rule.Factor(r.Factor, back)
	r.State, r.EjectedAt, r.OutSince = timeline.Ejected, at, time.Time{}
	r.Ejections = max(number, r.Ejections)
}

func (r *Row) back(at time.Time) {
	r.State, r.EjectedAt, r.ReturnedAt, r.InARow = timeline.InRotation, time.Time{}, at, 0
}
