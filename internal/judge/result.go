package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/diagnose"
	"istio-circuit-breaker/internal/timeline"
)

// Result is a proof's outcome, as --json prints it. It is a function of the
// recording alone: what is not in there is not in here.
type Result struct {
	Verdict string `json:"verdict"` // agrees, refuted or not proven
	// Threshold in errors in a row.
	Threshold Threshold `json:"threshold"`
	// Ejection is that of the first pod that went.
	Ejection Ejection `json:"ejection"`
	// ErrorsWhileEjected counts the wrong answers in all times out.
	ErrorsWhileEjected int    `json:"errorsWhileEjected"`
	Counters           Counts `json:"counters"`
	Ejections          []Out  `json:"ejections"` // of all pods
	// Causes of what is refuted or not proven, and Diagnoses: the same in words.
	Causes    []diagnose.Cause `json:"causes"`
	Diagnoses []string         `json:"diagnoses"`
	Clocks    []timeline.Clock `json:"clocks"` // sorted by name
	// Versions of what took part, where the recording has them.
	Versions map[string]string `json:"versions,omitempty"`
	Phases   []timeline.Phase  `json:"phases"`
}

// Threshold is what the rule says and what evidence says.
type Threshold struct {
	Configured int `json:"configured"`
	// Measured is the number that evidence leaves; 0 where it leaves more than
	// one, or there was no ejection. Least and Most bound it.
	Measured int `json:"measured"`
	Least    int `json:"least"`
	Most     int `json:"most"`
}

// Ejection is a time out. Seconds are 0 where no return was seen.
type Ejection struct {
	Pod               string  `json:"pod"`
	ConfiguredSeconds float64 `json:"configuredSeconds"`
	MeasuredSeconds   float64 `json:"measuredSeconds"` // the middle of the next two
	LeastSeconds      float64 `json:"leastSeconds"`
	MostSeconds       float64 `json:"mostSeconds"`
}

// Out is one ejection.
type Out struct {
	Pod    string `json:"pod"`
	Number int    `json:"number"` // the pod's, from 1
	// Errors in a row when it was decided; 0 where evidence leaves more than one number.
	Errors      int       `json:"errors"`
	ErrorsLeast int       `json:"errorsLeast"`
	ErrorsMost  int       `json:"errorsMost"`
	At          time.Time `json:"at"`      // by the sidecar's clock
	Seconds     float64   `json:"seconds"` // 0: not back yet
	Detector    string    `json:"detector,omitempty"`
	Sources     string    `json:"sources"`
}

// Counts are the counters that a proof looks at, as they rose in its time.
type Counts struct {
	EnforcedGateway uint64 `json:"enforcedGateway"`
	Enforced5xx     uint64 `json:"enforced5xx"`
	EnforcedOther   uint64 `json:"enforcedOther"`
	Overflow        uint64 `json:"overflow"`
}

func (c Counts) String() string {
	text := fmt.Sprintf("gateway %d, 5xx %d, overflow %d", c.EnforcedGateway, c.Enforced5xx, c.Overflow)
	if c.EnforcedOther > 0 {
		text += fmt.Sprintf(", others %d", c.EnforcedOther)
	}
	return text
}

func countsOf(c timeline.Counters) Counts {
	return Counts{c.EnforcedGateway, c.Enforced5xx, c.EnforcedOther, c.Overflow}
}

// Judge reads a recording of one proof and says what it proves.
func Judge(entries []timeline.Entry) *Result { return Read(entries).Result() }

// Result is the verdict on all claims of the proof.
func (r *Record) Result() *Result {
	res := &Result{Verdict: timeline.Agrees, Counters: countsOf(r.rise()), Ejections: []Out{}, Causes: []diagnose.Cause{}, Diagnoses: []string{},
		Clocks: []timeline.Clock{}, Versions: r.header.Versions, Phases: []timeline.Phase{}}
	r.measure(res)
	for _, name := range []string{timeline.APIServerClock, timeline.SidecarClock} {
		if c, known := r.clocks[name]; known {
			res.Clocks = append(res.Clocks, c)
		}
	}
	for _, phase := range r.phases() {
		if phase != Preflight && len(res.Phases) > 0 && res.Phases[0].Statement == timeline.Refuted && !r.driven() {
			break // nothing was driven: there is nothing to say of the rest
		}
		for _, c := range r.Claims(phase) {
			r.explain(&c)
			c.Took = r.took(phase)
			res.Phases = append(res.Phases, c.Phase)
		}
	}
	res.conclude()
	for _, cause := range r.causes(res.Phases) {
		res.Causes = append(res.Causes, cause)
		res.Diagnoses = append(res.Diagnoses, cause.String())
	}
	return res
}

// phases are those that the recording claims, with what they need to have happened.
// One that is not known stays, and cannot be proven.
func (r *Record) phases() []string {
	claimed := r.claimed().Phases
	if whole, err := ParsePhases(strings.Join(claimed, ",")); err == nil {
		return whole
	}
	return claimed
}

// conclude makes the verdict: agrees needs every claim proven, and one at least.
func (res *Result) conclude() {
	is := func(s timeline.Statement) func(timeline.Phase) bool {
		return func(p timeline.Phase) bool { return p.Statement == s }
	}
	switch {
	case slices.ContainsFunc(res.Phases, is(timeline.Refuted)):
		res.Verdict = timeline.Differs
	case len(res.Phases) == 0 || slices.ContainsFunc(res.Phases, is(timeline.NotProven)):
		res.Verdict = timeline.Undetermined
	}
}

// explain gives the causes of a claim that is not proven.
func (r *Record) explain(c *Claim) {
	if c.Statement == timeline.Proven {
		return
	}
	var words []string
	for _, cause := range r.causes([]timeline.Phase{c.Phase}) {
		c.Causes = append(c.Causes, cause.Code)
		words = append(words, cause.String())
	}
	c.Diagnosis = strings.Join(words, "; ")
}

// measure takes what evidence says of the threshold and the times out.
func (r *Record) measure(res *Result) {
	rule := r.header.Rule
	threshold, by := r.intended()
	res.Threshold.Configured = threshold
	if rule.Enabled {
		res.Ejection.ConfiguredSeconds = rule.Base().Seconds()
	}
	var earliest ejection
	for _, name := range r.names {
		p := r.pods[name]
		outs, _ := r.ejections(p)
		narrow := number{}
		for i, e := range outs {
			n := r.errorsAt(p, outs, i, threshold, by)
			o := Out{Pod: name, Number: i + 1, ErrorsLeast: n.least, ErrorsMost: n.most, At: e.out.from, Detector: e.detector, Sources: tellers(e)}
			if n.exact() {
				o.Errors = n.least
			}
			if e.returned {
				o.Seconds = round(e.lasted().middle())
			}
			if w := r.window(p, e); r.loaded(w) {
				res.ErrorsWhileEjected += r.during(p, e, w).wrong
			}
			res.Ejections = append(res.Ejections, o)
			if both := narrow.with(n.number); i == 0 || e.byLog && n.complete && !both.contradicted() {
				if narrow = n.number; i > 0 {
					narrow = both
				}
			}
		}
		if len(outs) == 0 || !earliest.out.from.IsZero() && !outs[0].out.from.Before(earliest.out.from) {
			continue
		}
		earliest = outs[0]
		res.Threshold.Least, res.Threshold.Most, res.Threshold.Measured = narrow.least, narrow.most, 0
		if narrow.exact() {
			res.Threshold.Measured = narrow.least
		}
		res.Ejection.Pod, res.Ejection.MeasuredSeconds, res.Ejection.LeastSeconds, res.Ejection.MostSeconds = name, 0, 0, 0
		if earliest.returned {
			l := earliest.lasted()
			res.Ejection.MeasuredSeconds, res.Ejection.LeastSeconds, res.Ejection.MostSeconds = round(l.middle()), round(l.least), round(l.most)
		}
	}
}

func round(d time.Duration) float64 { return d.Round(time.Millisecond).Seconds() }

// took is how long the driver was in a phase, all its turns together.
func (r *Record) took(phase string) time.Duration {
	total, began, in := time.Duration(0), time.Time{}, false
	for _, s := range r.steps {
		if s.Phase == "" {
			continue
		}
		if in {
			total += s.at.Sub(began)
		}
		in, began = s.Phase == phase, s.at
	}
	if in {
		total += r.now.Sub(began)
	}
	return total.Round(time.Millisecond)
}

// PodsNow are how many pods the record knows now, and how many of them fail.
func (r *Record) PodsNow() (all, failing int) {
	return len(r.where(func(*pod) bool { return true })), len(r.failing())
}

// Rule is the rule that is proven.
func (r *Record) Rule() breaker.Rule { return r.header.Rule }
