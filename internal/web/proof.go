package web

import (
	"istio-circuit-breaker/internal/judge"
	"istio-circuit-breaker/internal/timeline"
)

type proofState struct {
	Phases []claimState `json:"phases"`
	// Verdict is empty as long as there is none.
	Verdict  string `json:"verdict"`
	Sentence string `json:"sentence"`
}

type claimState struct {
	Name      string             `json:"name"`
	Pod       string             `json:"pod"`
	Statement timeline.Statement `json:"statement"`
	Expected  string             `json:"expected"`
	Measured  string             `json:"measured"`
	Answers   int                `json:"answers"`
	Least     int                `json:"least"`
	Missing   string             `json:"missing"`
	Diagnosis string             `json:"diagnosis"`
}

func (h *hub) proof() proofState {
	p := proofState{Phases: make([]claimState, 0, len(h.board.Phases))}
	for _, c := range h.board.Phases {
		p.Phases = append(p.Phases, claimState{Name: c.Name, Pod: c.Pod, Statement: c.Statement, Expected: c.Expected, Measured: c.Measured,
			Answers: c.Answers, Least: c.Least, Missing: c.Missing, Diagnosis: c.Diagnosis})
	}
	if v := h.board.Verdict; v != nil {
		p.Verdict, p.Sentence = v.Verdict, judge.Headline(v.Verdict, h.board.Phases)
	}
	return p
}
