package web

import (
	"fmt"
	"time"

	"istio-circuit-breaker/internal/callers"
	"istio-circuit-breaker/internal/screen"
)

// callersState is all that the page of callers shows; callers.js has a part for
// each member.
type callersState struct {
	Service string      `json:"service"`
	Summary string      `json:"summary"`
	Callers []callerRow `json:"callers"`
	Quiet   []string    `json:"quiet"`
	Pods    podTable    `json:"pods"`
	Out     []string    `json:"out"`
	Unread  []string    `json:"unread"`
	Log     []string    `json:"log"` // the newest first
	Ended   bool        `json:"ended"`
}

type callerRow struct {
	Name      string `json:"name"`
	Requests  uint64 `json:"requests"`
	Out       int    `json:"out"`
	Pods      int    `json:"pods"`
	Ejections uint64 `json:"ejections"`
	Detection string `json:"detection"`
	Lost      string `json:"lost"`
}

type podTable struct {
	Callers []string `json:"callers"` // titles of the columns
	Rows    []podRow `json:"rows"`    // those that are out first
}

type podRow struct {
	Name  string    `json:"name"`
	Cells []podCell `json:"cells"`
}

// podCell is a pod for one caller; tone is in, out, was, or empty where the caller
// does not have the pod.
type podCell struct {
	Text string `json:"text"`
	Tone string `json:"tone"`
}

func stateOfCallers(m callers.Matrix, events []callers.Event, now time.Time, ended bool) callersState {
	t := m.Table()
	s := callersState{Service: m.Target.String(), Summary: m.Summary(), Callers: []callerRow{}, Quiet: []string{}, Out: []string{}, Unread: []string{}, Log: []string{},
		Pods: podTable{Callers: []string{}, Rows: []podRow{}}, Ended: ended}
	for i, v := range t.Active {
		row := callerRow{Name: m.Name(v), Requests: v.Requests, Out: v.Out(), Pods: len(v.Pods), Detection: v.Words()}
		for _, n := range v.Ejections {
			row.Ejections += n
		}
		if v.Lost != "" {
			row.Lost = "lost since " + v.Looked.In(now.Location()).Format(time.TimeOnly) + ": " + v.Lost
		}
		s.Callers = append(s.Callers, row)
		s.Pods.Callers = append(s.Pods.Callers, fmt.Sprint(i+1, " ", v.Caller.Workload))
		for _, c := range v.Pods {
			if c.Out {
				s.Out = append(s.Out, fmt.Sprintf("%s for %s %s", c.Pod, row.Name, c.Times(now)))
			}
		}
	}
	for _, r := range t.Rows {
		row := podRow{Name: r.Pod, Cells: make([]podCell, len(r.Cells))}
		for i, c := range r.Cells {
			if c != nil {
				row.Cells[i] = podCell{c.Words(now), tone(*c)}
			}
		}
		s.Pods.Rows = append(s.Pods.Rows, row)
	}
	for _, v := range t.Quiet {
		s.Quiet = append(s.Quiet, m.Name(v))
	}
	for _, u := range m.Unread {
		s.Unread = append(s.Unread, u.Name+": "+u.Reason)
	}
	for i := len(events) - 1; i >= 0; i-- {
		if line := screen.CallerLine(events[i]); line != "" {
			s.Log = append(s.Log, line)
		}
	}
	return s
}

func tone(c callers.Cell) string {
	switch {
	case c.Out:
		return "out"
	case c.Ejections > 0:
		return "was"
	default:
		return "in"
	}
}
