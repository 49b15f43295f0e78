package explain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"istio-circuit-breaker/internal/breaker"
)

// width of a text line; longer ones are broken between words.
const width = 100

// JSON writes e as one indented object.
func (e Explanation) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(e)
}

// Text writes e for reading.
func (e Explanation) Text(w io.Writer) error {
	var b bytes.Buffer
	line := func(label, format string, args ...any) {
		wrap(&b, fmt.Sprintf("%-15s", label), fmt.Sprintf(format, args...))
	}
	wrap(&b, "", e.Words)
	b.WriteByte('\n')
	if e.Threshold.Errors == 0 {
		line("Errors needed", "no number of errors ejects a pod")
	} else {
		line("Errors needed", "%d in a row, by each pod for itself", e.Threshold.Errors)
		line("Shown by", "%s", e.Threshold.Counter)
	}
	if e.Threshold.Errors == 0 {
		line("Pods", "%d healthy, %d faulty; none is ever out", e.Pods.Healthy, e.Pods.Faulty)
	} else {
		line("Pods", "%d healthy, %d faulty; at most %d out at once (maxEjectionPercent %d, needed for all faulty: %d)",
			e.Pods.Healthy, e.Pods.Faulty, e.Pods.Ejectable, e.Pods.Percent, e.Pods.PercentForFaulty)
	}
	line("Load", "%s", e.Load.words())
	switch {
	case e.Trip == nil:
		line("Trips after", "never")
	case e.Trip.MostSeconds < 1:
		line("Trips after", "less than a second, when %d requests were sent to all pods", e.Trip.Requests)
	default:
		about := "about"
		if !e.Trip.Regular {
			about = "irregularly, about"
		}
		line("Trips after", "%s %s (mostly %s to %s), when %d requests were sent to all pods", about,
			whole(e.Trip.MeanSeconds), whole(e.Trip.LeastSeconds), whole(e.Trip.MostSeconds), e.Trip.Requests)
	}
	if e.Ejects {
		for i, out := range e.Ejections {
			label := ""
			if i == 0 {
				label = "Back after"
			}
			line(label, "%s %s to %s", breaker.Ordinal(out.Number)+" time:", span(out.LeastSeconds), span(out.MostSeconds))
		}
		if e.Growth.BaseSeconds >= e.Growth.CapSeconds { // max_ejection_time is the base time, where that is longer
			line("", "the same each time, plus the wait for the sweep (every %s)", span(e.Growth.SweepSeconds))
		} else {
			line("", "grows by %s each time, up to %s, plus the wait for the sweep (every %s); falls by one step for each sweep that the pod was back",
				span(e.Growth.BaseSeconds), span(e.Growth.CapSeconds), span(e.Growth.SweepSeconds))
		}
		if e.AllOut.Possible {
			line("All pods out", "%s", e.AllOut.Words)
		} else {
			line("All pods out", "cannot happen through this rule")
		}
	}
	list(&b, "Warnings", e.Warnings, true)
	list(&b, "Good to know", e.Notes, false)
	_, err := w.Write(b.Bytes())
	return err
}

func list(b *bytes.Buffer, title string, all []breaker.Warning, fix bool) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	for _, w := range all {
		wrap(b, "  - ", w.Text)
		if fix {
			wrap(b, "    fix: ", w.Fix)
		}
		wrap(b, "    source: ", w.Source)
	}
}

func (l Load) words() string {
	pace := "as fast as answers come"
	if l.RequestsPerSecond > 0 {
		pace = fmt.Sprintf("%g requests a second", l.RequestsPerSecond)
	}
	under := "one at a time"
	if l.Concurrency > 1 {
		under = fmt.Sprintf("up to %d at a time", l.Concurrency)
	}
	patience := "no client timeout"
	if l.TimeoutSeconds > 0 {
		patience = "client timeout " + span(l.TimeoutSeconds)
	}
	late := "errors come at once"
	if l.MaxDelaySeconds > 0 {
		late = "errors take 0 to " + span(l.MaxDelaySeconds)
	}
	return fmt.Sprintf("%s, %s, %s; %s, %s", pace, under, l.Balancer, late, patience)
}

// wrap writes text after a prefix, later lines set in under the first.
func wrap(b *bytes.Buffer, prefix, text string) {
	column := len(prefix)
	indent := strings.Repeat(" ", column)
	b.WriteString(prefix)
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case column+1+len(word) > width:
			b.WriteString("\n" + indent)
			column = len(indent)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	b.WriteByte('\n')
}

func span(seconds float64) string {
	return breaker.Short(time.Duration(seconds * float64(time.Second)).Round(time.Millisecond))
}

// whole is for estimates: to the second from ten on.
func whole(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d >= 10*time.Second {
		return breaker.Short(d.Round(time.Second))
	}
	return breaker.Short(d.Round(100 * time.Millisecond))
}
