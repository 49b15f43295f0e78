package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page's parts
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"
)

var (
	//go:embed page.css
	style string
	//go:embed page.js
	script string
	//go:embed page.html.tmpl
	pageText string

	pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"glue": glue}).Parse(pageText))
)

// page is what the template shows.
type page struct {
	Policy string
	Style  template.CSS
	Script template.JS
	*Report
	Kicker     string
	Story      []string
	Reasons    []reason
	Facts      []fact
	Rule       string
	SidesTable *table
	Views      []view
}

// fact is a name and a value.
type fact struct{ Name, Value string }

// view is one run on the page.
type view struct {
	ID      string
	Heading string // empty where there is one run
	Facts   []fact
	Story   []string
	Seconds float64 // of the axis
	Clock   float64 // seconds since midnight at its start
	Keys    []key
	Marks   []string

	Checks, Latencies, Periods, Phases, Rests, Events *table
	Answers, Latency, Counters                        *figure

	NoCounters, More string
	Raw              []fact
	RawRule          string
	RawSidecar       string
	RawVerdict       string
}

// Title of a view's section, with what makes its id unlike that of other runs.
func (v view) Title(name, text string) heading {
	return heading{v.ID + "-" + name, text, v.Heading != ""}
}

type heading struct {
	ID, Text string
	Below    bool // a run's own heading stands over it
}

// figure is a chart in both widths.
type figure struct{ Charts []chart }

// HTML writes the page.
func (r *Report) HTML(w io.Writer) error {
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, r.page()); err != nil {
		return fmt.Errorf("making the page: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

// policy allows the page its own style and script, and nothing else: what a
// recording might smuggle in would not run, and nothing is loaded.
func policy() string {
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src " + hash(style) + "; script-src " + hash(script) + "; base-uri 'none'; form-action 'none'"
}

func (r *Report) page() page {
	p := page{Policy: policy(), Style: template.CSS(style), Script: template.JS(script), Report: r}
	last := r.Runs[len(r.Runs)-1]
	p.Kicker, p.Facts, p.Rule = kicker(r), append(where(last), facts(last)...), last.RuleWords
	if r.Sides != nil {
		p.SidesTable = sidesTable(*r.Sides)
	}
	longest := 0.0
	for _, run := range r.Runs {
		longest = max(longest, run.Seconds)
		p.Reasons = append(p.Reasons, reasons(run)...)
	}
	if first := r.Runs[0]; len(r.Runs) == 1 {
		p.Story = story(last)
	} else {
		p.Facts = append(where(last), when(first), fact{"How long", whole(last.Began.Sub(first.Began).Seconds() + last.Seconds)})
	}
	values := latencyScale(r.Runs)
	for i, run := range r.Runs {
		p.Views = append(p.Views, run.view(i, len(r.Runs), longest, values))
	}
	return p
}

// view makes the charts and tables of a run, on an axis of time that all runs share.
func (r *Run) view(i, of int, axis float64, values scale) view {
	v := view{ID: fmt.Sprintf("run%d", i+1), Seconds: newFrame(false, axis, r.Began).seconds, Raw: raw(r), Checks: checksTable(r), Phases: phasesTable(r), Rests: restsTable(r),
		Latencies: latenciesTable(r), Periods: periodsTable(r), Keys: keys(r, newFrame(false, axis, r.Began).lanes(r))}
	y, m, d := r.Began.Date()
	v.Clock = r.Began.Sub(time.Date(y, m, d, 0, 0, 0, 0, r.Began.Location())).Seconds()
	if of > 1 {
		v.Heading, v.Facts, v.Story = runHeading(r, i), facts(r), story(r)
	}
	v.Events, v.More = eventsTable(r)
	for k, m := range r.marks[:min(len(r.marks), mostMarks)] {
		v.Marks = append(v.Marks, fmt.Sprintf("%s, at %s", m.what, seconds(m.at)))
		if k == mostMarks-1 && len(r.marks) > mostMarks {
			v.Marks[k] += fmt.Sprintf(" (and %s more)", many(len(r.marks)-mostMarks))
		}
	}
	if len(r.Pods) > 0 || len(r.answers) > 0 {
		v.Answers = &figure{}
	}
	if len(r.answers) > 0 {
		v.Latency = &figure{}
	}
	if len(shown(r)) > 0 {
		v.Counters = &figure{}
	} else if len(r.samples) > 0 {
		v.NoCounters = "The sidecar exports no statistics of outlier detection."
	}
	for _, narrow := range []bool{false, true} {
		f := newFrame(narrow, axis, r.Began)
		v.Answers.add(func() (chart, string) { return f.answersChart(r, v.ID+"-answers-chart") })
		v.Latency.add(func() (chart, string) { return f.latencyChart(r, v.ID+"-latency-chart", values) })
		v.Counters.add(func() (chart, string) { return f.countersChart(r, v.ID+"-counters-chart") })
	}
	if r.Header.Version > 0 {
		v.RawRule = rawJSON(r.Header.Rule)
	}
	if r.Header.Sidecar != nil {
		v.RawSidecar = rawJSON(r.Header.Sidecar)
	}
	if r.Verdict != nil {
		v.RawVerdict = cleanLines(r.Verdict.Words)
	}
	return v
}

// rawJSON is a part of a recording as it stands there.
func rawJSON(part any) string {
	text, err := json.MarshalIndent(part, "", "  ")
	if err != nil { // a number that JSON cannot say
		return ""
	}
	return cleanLines(string(text))
}

// Look is the class of the page's verdict.
func (p page) Look() string {
	return map[string]string{Agrees: "agrees", Refuted: "differs", NotProven: "unproven", NoVerdict: "none"}[p.Verdict]
}

// add draws a chart where the figure is wanted. The captions differ with the
// width: fewer answers can be drawn one by one on a narrow chart.
func (f *figure) add(draw func() (chart, string)) {
	if f == nil {
		return
	}
	c, caption := draw()
	c.Caption = caption
	f.Charts = append(f.Charts, c)
}

func cleanLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return strings.Join(lines, "\n")
}
