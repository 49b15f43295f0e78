package callers

import (
	"fmt"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/breaker"
)

// Table is a matrix in the order in which it is to be looked at.
type Table struct {
	Active []View // those that have called, or of whom there is more to say
	Quiet  []View // the others
	Rows   []Row  // pods: those that are out for most callers first, then those that were
}

// Row is a pod in the eyes of the active callers.
type Row struct {
	Pod            string
	Cells          []*Cell // by active caller; nil where it does not have the pod
	Out, Ejections int     // for how many callers it is out, and how often it was ejected
}

// Table sorts what is known.
func (m Matrix) Table() Table {
	var t Table
	for _, v := range m.Views {
		if v.Requests > 0 || v.Out() > 0 || len(v.Ejections) > 0 || v.Lost != "" {
			t.Active = append(t.Active, v)
		} else {
			t.Quiet = append(t.Quiet, v)
		}
	}
	index := map[string]int{}
	for i, v := range t.Active {
		for k := range v.Pods {
			c := &v.Pods[k]
			at, has := index[c.Pod]
			if !has {
				at = len(t.Rows)
				index[c.Pod] = at
				t.Rows = append(t.Rows, Row{Pod: c.Pod, Cells: make([]*Cell, len(t.Active))})
			}
			r := &t.Rows[at]
			r.Ejections += c.Ejections
			if had := r.Cells[i]; had != nil && had.Out { // another address of the pod
				continue
			}
			r.Cells[i] = c
			if c.Out {
				r.Out++
			}
		}
	}
	slices.SortStableFunc(t.Rows, func(a, b Row) int {
		if a.Out != b.Out {
			return b.Out - a.Out
		}
		if a.Ejections != b.Ejections {
			return b.Ejections - a.Ejections
		}
		return strings.Compare(a.Pod, b.Pod)
	})
	return t
}

// Summary is the whole in a few words.
func (m Matrix) Summary() string {
	pods, out := map[string]bool{}, map[string]bool{}
	ejecting := 0
	for _, v := range m.Views {
		for _, c := range v.Pods {
			pods[c.Pod] = true
			if c.Out {
				out[c.Pod] = true
			}
		}
		if v.Out() > 0 {
			ejecting++
		}
	}
	switch {
	case len(m.Views) == 0:
		return "no caller has been read yet"
	case len(out) == 0:
		return fmt.Sprintf("no pod of %d is out for any of %s", len(pods), breaker.Count(len(m.Views), "caller"))
	default:
		return fmt.Sprintf("%d of %s out, for %d of %s", len(out), breaker.Count(len(pods), "pod"), ejecting, breaker.Count(len(m.Views), "caller"))
	}
}
