package report

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// clean is text of a recording as a page may show it: in one line, without
// characters that XML forbids, or that turn the direction of the text around
// them.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == 0xfffe, r == 0xffff:
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}

var units = regexp.MustCompile(`(\d) (s|ms|µs|min|h|%)(\W|$)`)

// glue keeps a number and its unit in one line.
func glue(s string) string { return units.ReplaceAllString(s, "$1\u00a0$2$3") }

// fit shortens text in its middle to at most most characters: the ends of a
// pod's name tell it from others.
func fit(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	if most < 3 {
		return "…"
	}
	head := (most - 1) / 2
	return string(runes[:head]) + "…" + string(runes[len(runes)-(most-1-head):])
}

// width is about how wide text of a size is; rather too much than too little.
func width(s string, size float64) float64 {
	return 0.6 * size * float64(utf8.RuneCountInString(s))
}

// seconds is a time as people compare it.
func seconds(s float64) string {
	if s >= 120 {
		return whole(s)
	}
	return strconv.FormatFloat(s, 'f', 1, 64) + " s"
}

// whole is a time to the second, as 2 m 5 s.
func whole(s float64) string {
	if s >= 1e9 {
		return fmt.Sprintf("%.3g s", s)
	}
	n := int64(s + 0.5)
	var parts []string
	for _, unit := range []struct {
		length int64
		name   string
	}{{3600, "h"}, {60, "min"}, {1, "s"}} {
		if v := n / unit.length; v > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", v, unit.name))
		}
		n %= unit.length
	}
	if len(parts) == 0 {
		return "0 s"
	}
	return strings.Join(parts[:min(len(parts), 2)], " ")
}

// latency is a time of an answer, with three digits that count.
func latency(s float64) string {
	switch {
	case s >= 100:
		return fmt.Sprintf("%.0f s", s)
	case s >= 9.995:
		return fmt.Sprintf("%.1f s", s)
	case s >= 0.9995:
		return fmt.Sprintf("%.2f s", s)
	case s >= 0.09995:
		return fmt.Sprintf("%.0f ms", 1000*s)
	case s >= 0.009995:
		return fmt.Sprintf("%.1f ms", 1000*s)
	default:
		return fmt.Sprintf("%.2f ms", 1000*s)
	}
}

// tick is a round value of an axis: in the unit of its size.
func tick(s float64) string {
	short := func(v float64, unit string) string { return strconv.FormatFloat(v, 'g', 6, 64) + " " + unit }
	switch {
	case s == 0:
		return "0"
	case s < 0.9999e-3:
		return short(1e6*s, "µs")
	case s < 0.9999:
		return short(1000*s, "ms")
	default:
		return short(s, "s")
	}
}

// timeTick is a label of the axis of time, in the unit of its step.
func timeTick(s, step float64) string {
	switch {
	case step >= 3600:
		return strconv.FormatFloat(s/3600, 'g', 6, 64) + " h"
	case step >= 60:
		return strconv.FormatFloat(s/60, 'g', 6, 64) + " min"
	default:
		return strconv.FormatFloat(s, 'g', 6, 64) + " s"
	}
}

// percent of a share between 0 and 1; all and nothing are never rounded to.
func percent(share float64) string {
	switch {
	case share > 0.999 && share < 1:
		return "> 99.9 %"
	case share < 0.001 && share > 0:
		return "< 0.1 %"
	}
	return fmt.Sprintf("%.1f %%", 100*share)
}

// many is a number with its thousands apart.
func many(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return many(n) + " " + noun + "s"
}

// zone is the time zone that a recording was made in, as its times carry it. The
// zone of the machine that makes the page has no part in it.
func zone(t time.Time) *time.Location {
	_, offset := t.Zone()
	if offset == 0 {
		return time.UTC
	}
	sign := '+'
	if offset < 0 {
		sign = '-'
	}
	of := max(offset, -offset) / 60
	return time.FixedZone(fmt.Sprintf("UTC%c%02d:%02d", sign, of/60, of%60), offset)
}
