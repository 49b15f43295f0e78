package lint

import (
	"slices"
	"strconv"
	"strings"
)

// Printable is a text with what a terminal, or a reader of lines, would act on
// written out: names in manifests are of anybody's choice.
func Printable(text string) string {
	if !strings.ContainsFunc(text, acts) {
		return text
	}
	var out strings.Builder
	for _, r := range text {
		if acts(r) {
			quoted := strconv.QuoteRune(r)
			out.WriteString(quoted[1 : len(quoted)-1])
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}

func acts(r rune) bool { return !strconv.IsPrint(r) }

// printable is the report for readers of lines. Those of JSON have it as it is.
func (r Report) printable() Report {
	r.Rules, r.Findings, r.Ignored = slices.Clone(r.Rules), slices.Clone(r.Findings), slices.Clone(r.Ignored)
	for i := range r.Rules {
		m := &r.Rules[i]
		each(&m.Object, &m.Field, &m.For, &m.File, &m.Words)
	}
	for i := range r.Findings {
		r.Findings[i].printable()
	}
	for i := range r.Ignored {
		r.Ignored[i].printable()
		each(&r.Ignored[i].Reason)
	}
	return r
}

func (f *Finding) printable() { each(&f.Object, &f.Field, &f.File, &f.Text, &f.Source, &f.Fix) }

func each(texts ...*string) {
	for _, text := range texts {
		*text = Printable(*text)
	}
}
