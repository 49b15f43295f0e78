package lint

import (
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// placeholder is what envsubst, Kustomize, Flux or Helm put a value for.
var placeholder = regexp.MustCompile(`\$\{\w+[^}]*\}|\$\(\w+\)|\{\{.*\}\}`)

// template is the part of a value that something else is to be put for; "" where
// there is none. To YAML, two braces without quotes are mappings.
func template(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.ScalarNode:
		return placeholder.FindString(n.Value)
	case n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle != 0 && len(n.Content) == 2 && n.Content[0].Kind == yaml.MappingNode && len(n.Content[0].Content) > 0:
		return "{{ " + n.Content[0].Content[0].Value + " }}"
	}
	return ""
}

func (b *block) unrendered(field, from string) Finding {
	b.broken = true
	return b.found(badValue, field, fmt.Sprintf("%s is the template %q, which was not rendered: what it will be is not known, and the API server refuses the object as it is.", field, from),
		istioCRD, "render templates first, such as with helm template, kustomize build or envsubst")
}
