package screen

import (
	"istio-circuit-breaker/internal/board"
	"istio-circuit-breaker/internal/timeline"
)

// mark is a kind of answer in the line of recent ones.
type mark struct {
	sign, meaning string
	style
}

// marks in the order of the legend. Each sign is another one, so that they need
// no colour.
var marks = struct{ ok, gateway, noPod, success, client, server, other, none mark }{
	ok:      mark{".", "200", good},
	gateway: mark{"x", "gateway error", bad},
	noPod:   mark{"!", "no pod, by Envoy itself", bad},
	success: mark{",", "other success", good},
	client:  mark{"4", "4xx", wary},
	server:  mark{"5", "other 5xx", wary},
	other:   mark{"?", "other", wary},
	none:    mark{"-", "no answer", wary},
}

func markOf(a board.Answer) mark {
	switch {
	case a.Code == 0:
		return marks.none
	case a.Pod == "" && a.Code >= 500:
		return marks.noPod
	case timeline.GatewayError(a.Code):
		return marks.gateway
	case a.Code == 200:
		return marks.ok
	case a.Code >= 200 && a.Code < 400:
		return marks.success
	case a.Code >= 400 && a.Code < 500:
		return marks.client
	case a.Code >= 500 && a.Code < 600:
		return marks.server
	default:
		return marks.other
	}
}

// answers is the line of recent answers, the newest at its end, and what the
// marks in it mean where there is room.
func (f *frame) answers() *section {
	recent := f.Recent
	if room := max(f.width-label, 0); len(recent) > room {
		recent = recent[len(recent)-room:]
	}
	l, seen := line{}, map[string]bool{}
	for _, a := range recent {
		m := markOf(a)
		seen[m.sign] = true
		l = append(l, span{m.sign, m.style})
	}
	if len(l) == 0 {
		l = words("none yet", wary)
	}
	room := f.width - label - len(recent)
	gap := "   "
	for _, m := range []mark{marks.ok, marks.gateway, marks.noPod, marks.success, marks.client, marks.server, marks.other, marks.none} {
		text := gap + m.sign + " " + m.meaning
		if !seen[m.sign] || len(text) > room {
			continue
		}
		l = append(l, span{text, faint})
		room, gap = room-len(text), "  "
	}
	return &section{lines: []line{f.named("answers", l)}, least: 1, apart: true}
}
