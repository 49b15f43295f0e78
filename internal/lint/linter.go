package lint

import (
	"cmp"
	"slices"

	"go.yaml.in/yaml/v3"

	"istio-circuit-breaker/internal/effective"
)

// Memory is what the collector had best keep to as long as it can: of a large
// cluster, or a large text, most of what is read is garbage soon.
const Memory = 220 << 20

// Options are what the texts do not say.
type Options struct {
	// Pods behind each host, where it is the same for all; 0 is as many as the
	// workloads in the texts tell, if they do.
	Pods int
	// Namespace of objects that name none.
	Namespace string
	// Mesh is what the mesh says for all; zero where it is not known.
	Mesh effective.Mesh
	// Live is the cluster that is judged; nil for files.
	Live Live
}

// Linter takes texts, and reports on all of them together.
type Linter struct {
	options  Options
	report   Report
	rules    []*destinationRule
	routes   []*route
	asked    []query
	cluster  cluster
	excepted []*object          // with an annotation
	hosted   map[[2]string]bool // rules with a host, by namespace and name
	spent    work               // on who has which rule
}

// New is a linter that has read nothing.
func New(o Options) *Linter {
	o.Namespace = cmp.Or(o.Namespace, "default")
	return &Linter{options: o, cluster: newCluster(), hosted: map[[2]string]bool{}}
}

// Add reads a text. It fails on documents that are no YAML, and names each; the
// others are read.
func (l *Linter) Add(name string, content []byte) error {
	l.report.Files++
	return parse(name, content, func(in text, root *yaml.Node) {
		left := mostItems
		l.objects(in, root, "", &left)
	})
}

func (l *Linter) add(f Finding) {
	if !f.of.aside {
		l.report.Findings = append(l.report.Findings, f)
	}
}

// Report judges what was read, in the order of the texts' lines.
func (l *Linter) Report() Report {
	for _, r := range l.rules {
		if r.aside {
			continue
		}
		for _, b := range r.blocks {
			b.rule.Unchosen = l.unchosen(r)
			b.pods, b.podsOf, b.least = l.podsOf(r, b)
			l.judge(b)
		}
		l.inherits(r)
	}
	l.hosts()
	l.overlaps()
	l.routed()
	l.answered()
	l.except()
	l.unplace()
	r := l.report
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Object, b.Object), cmp.Compare(b.Severity.rank(), a.Severity.rank()), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Text, b.Text))
	})
	slices.SortStableFunc(r.Rules, func(a, b Meaning) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Object, b.Object))
	})
	return r
}

// judge says what a block means, and what it does not do.
func (l *Linter) judge(b *block) {
	errors, by := b.rule.Threshold()
	l.report.Rules = append(l.report.Rules, Meaning{Object: b.of.String(), Field: b.of.prefix + b.path, For: b.scope, File: b.of.text.name, Position: b.at,
		Words: b.words(), Errors: errors, Detector: by, Pods: b.pods, Rule: b.rule, Refused: b.broken})
	b.said = b.model()
	for _, check := range []func(*block) []Finding{thresholds, dead, shares, panics, times, localOrigin, balancing, connecting} {
		for _, f := range check(b) {
			l.add(f)
		}
	}
	b.said = nil
}
