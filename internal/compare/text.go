package compare

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Text prints both sides as a table.
func Text(w io.Writer, off, on Side) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "\tbreaker %s\tbreaker %s\t\n", off.Breaker, on.Breaker)
	for _, row := range []struct {
		name string
		cell func(Side) string
	}{
		{"requests", func(s Side) string { return fmt.Sprint(s.Requests) }},
		{"in", func(s Side) string { return fmt.Sprintf("%.1f s", s.Seconds) }},
		{"succeeded", func(s Side) string { return fmt.Sprintf("%.1f %%", 100*s.SuccessRate) }},
		{"p50", func(s Side) string { return latency(s.P50) }},
		{"p90", func(s Side) string { return latency(s.P90) }},
		{"p99", func(s Side) string { return latency(s.P99) }},
		{"worst", func(s Side) string { return latency(s.Worst) }},
		{"waited for errors", func(s Side) string { return fmt.Sprintf("%.1f s", s.Wasted) }},
		{"requests until tripped", func(s Side) string { return Tripped(s) }},
		{"ejections", func(s Side) string { return fmt.Sprint(s.Ejections) }},
	} {
		fmt.Fprintf(t, "%s\t%s\t%s\t\n", row.name, row.cell(off), row.cell(on))
	}
	return t.Flush()
}

func latency(seconds float64) string {
	if seconds < 1 {
		return fmt.Sprintf("%.0f ms", 1000*seconds)
	}
	return fmt.Sprintf("%.2f s", seconds)
}

// Tripped is after how many requests a run's first pod was ejected. A run that
// ended without an ejection does not say that there would have been none.
func Tripped(s Side) string {
	switch {
	case s.UntilTripped > 0:
		return fmt.Sprint(s.UntilTripped)
	case s.Ejections > 0:
		return "before the first" // the run began after its errors
	case s.Breaker == "off":
		return "no breaker"
	default:
		return fmt.Sprintf("not within %.0f s", s.Seconds)
	}
}
