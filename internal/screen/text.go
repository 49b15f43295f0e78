package screen

import (
	"strings"
	"unicode/utf8"
)

// style is a way to show text, and stands for what it means.
type style int

const (
	plain style = iota
	faint       // labels, and what is of the past
	title
	good // answers, agreement
	bad  // errors, ejections
	wary // what passes, or is not known
)

// codes of the terminal, ECMA-48 "select graphic rendition".
var codes = [...]string{plain: "", faint: "2", title: "1", good: "32", bad: "31;1", wary: "33"}

// span is text of one style, and line is spans side by side.
type span struct {
	text string
	style
}

type line []span

// words is a line of one style.
func words(text string, s style) line { return line{{text, s}} }

// render is the line in at most width characters; what is cut off ends with an
// ellipsis.
func (l line) render(width int, colour bool) string {
	total := 0
	for i := range l {
		l[i].text = clean(l[i].text)
		total += utf8.RuneCountInString(l[i].text)
	}
	room, cut := width, total > width
	if cut {
		room--
	}
	var b strings.Builder
	for _, s := range l {
		text := s.text
		if n := utf8.RuneCountInString(text); n > room {
			text = string([]rune(text)[:room])
		}
		if room -= utf8.RuneCountInString(text); cut && room == 0 {
			text, cut = strings.TrimRight(text, " ")+"…", false
			room = -1
		}
		paint(&b, text, s.style, colour)
		if room < 0 {
			break
		}
	}
	if !colour {
		return strings.TrimRight(b.String(), " ")
	}
	return b.String()
}

func paint(b *strings.Builder, text string, s style, colour bool) {
	if text == "" {
		return
	}
	if !colour || s == plain {
		b.WriteString(text)
		return
	}
	b.WriteString("\x1b[" + codes[s] + "m" + text + "\x1b[0m")
}

// clean is text that takes one place a character. What a recording or a server
// says may hold codes that move the cursor, and letters of no or double width.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t', r == '\r':
			return ' '
		case r == 0xad: // soft hyphen
			return '-'
		case r >= ' ' && r < 0x7f, r >= 0xa0 && r < 0x300, r == '…', r == '×':
			return r
		default:
			return '?'
		}
	}, s)
}

// fit shortens text in its middle to at most most characters: the ends of a
// pod's name tell it from others.
func fit(s string, most int) string {
	runes := []rune(s)
	switch {
	case len(runes) <= most:
		return s
	case most < 3:
		return "…"
	}
	head := (most - 1) / 2
	return string(runes[:head]) + "…" + string(runes[len(runes)-(most-1-head):])
}

// wrap breaks text between words into lines of at most width characters.
func wrap(text string, width int) []string {
	var lines []string
	now := ""
	for word := range strings.FieldsSeq(clean(text)) {
		switch {
		case now == "":
			now = word
		case utf8.RuneCountInString(now)+1+utf8.RuneCountInString(word) <= width:
			now += " " + word
		default:
			lines, now = append(lines, now), word
		}
	}
	if now != "" {
		lines = append(lines, now)
	}
	return lines
}

// list joins as many of the parts as fit; the first ones matter most.
func list(width int, parts ...string) string {
	text := parts[0]
	for _, part := range parts[1:] {
		if utf8.RuneCountInString(text)+2+utf8.RuneCountInString(part) > width {
			break
		}
		text += ", " + part
	}
	return text
}
