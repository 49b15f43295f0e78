package lint

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// configMap takes the expressions of rule files of Prometheus that are in one. What
// else is in it, and need not be YAML, is not ours.
func (l *Linter) configMap(o *object, root *yaml.Node) {
	_, data := get(root, "data")
	for _, e := range entries(data) {
		value := resolved(e.value)
		if value == nil || value.Kind != yaml.ScalarNode || !strings.Contains(value.Value, "groups") || !strings.Contains(value.Value, outlierPrefix) {
			continue
		}
		inner := *o
		inner.prefix += "data[" + e.key.Value + "]."
		inner.before += value.Line // a literal starts on the line behind its mark
		first := len(l.asked)
		_ = parse("", []byte(value.Value), func(_ text, file *yaml.Node) { l.queries(&inner, file, "groups") })
		if value.Style&yaml.LiteralStyle == 0 {
			for i := range l.asked[first:] {
				l.asked[first+i].at = o.at(e.key)
			}
		}
	}
}
