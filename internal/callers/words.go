package callers

import (
	"fmt"
	"strings"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/target"
)

// Name is a view's caller with its kind, port and subset where those say something.
func (m Matrix) Name(v View) string {
	text := v.Caller.String()
	if v.Caller.Kind == Gateway {
		text += " (gateway)"
	}
	t, _ := target.ParseCluster(v.Cluster)
	for _, other := range m.Views {
		if o, _ := target.ParseCluster(other.Cluster); o.Port != t.Port {
			text += fmt.Sprintf(" :%d", t.Port)
			break
		}
	}
	if t.Subset != "" {
		text += " " + t.Subset
	}
	return text
}

// Words are what the caller ejects for.
func (v View) Words() string {
	o := v.Outlier
	switch {
	case !v.OutlierKnown:
		return "not known"
	case o == nil:
		return "none: it never ejects"
	}
	var of []string
	if o.EnforcingGateway > 0 && o.Gateway > 0 {
		of = append(of, breaker.Count(int(o.Gateway), "gateway error"))
	}
	if o.Enforcing5xx > 0 && o.Any5xx > 0 {
		of = append(of, fmt.Sprintf("%d 5xx", o.Any5xx))
	}
	if o.Split && o.EnforcingLocal > 0 && o.Local > 0 {
		of = append(of, breaker.Count(int(o.Local), "local failure"))
	}
	if len(of) == 0 {
		return "no detector in force"
	}
	return strings.Join(of, " or ") + ", out for " + breaker.Short(o.BaseEjectionTime)
}

// Words are the place of a pod for one caller, at a time.
func (c Cell) Words(now time.Time) string {
	switch {
	case c.Out && c.Since.Earliest.IsZero():
		return "out >" + short(now.Sub(c.Since.Latest))
	case c.Out:
		return "out " + short(now.Sub(c.Since.Latest))
	case c.Ejections > 0:
		return fmt.Sprintf("in, %d×", c.Ejections)
	default:
		return "in"
	}
}

// Times are since when and until when a pod is out, in now's zone.
func (c Cell) Times(now time.Time) string {
	text := c.Since.Since(now) + ", " + c.Back.Back(now)
	if c.Cause != "" {
		text += ": " + c.Cause
	}
	return text
}

// short is whole seconds, or minutes where there are many.
func short(d time.Duration) string {
	if s := int(max(d, 0).Seconds()); s < 600 {
		return fmt.Sprintf("%ds", s)
	}
	return fmt.Sprintf("%dm", int(d.Minutes()))
}

// seconds is the layout of a time of day.
const seconds = "15:04:05"

// Since is the time of an ejection in words, in now's zone.
func (b Between) Since(now time.Time) string {
	from, to := b.Earliest.In(now.Location()), b.Latest.In(now.Location())
	switch {
	case b.Earliest.IsZero():
		return "since before " + to.Format(seconds)
	case b.Latest.Sub(b.Earliest) <= time.Second:
		return "since " + to.Format(seconds)
	default:
		return "since " + from.Format(seconds) + " to " + to.Format(seconds)
	}
}

// Back is when a pod is to return in words, in now's zone.
func (b Between) Back(now time.Time) string {
	from, to := b.Earliest.In(now.Location()), b.Latest.In(now.Location())
	switch {
	case b.Latest.IsZero():
		return "its return is not known"
	case now.After(b.Latest):
		return "was to be back by " + to.Format(seconds)
	case b.Earliest.IsZero() || now.After(b.Earliest):
		return "back by " + to.Format(seconds)
	default:
		return "back " + from.Format(seconds) + " to " + to.Format(seconds)
	}
}
