package lint

import (
	"encoding/json"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	kubectl "sigs.k8s.io/yaml"
)

// asKubectl makes of a document's values what kubectl sends of them: it reads YAML
// 1.1, where yes is true and 010 is 8, and writes JSON, where 5.0 is 5. This
// library reads YAML 1.2. Aliases stand for nodes that are seen where they are.
func asKubectl(n *yaml.Node) {
	for i, child := range n.Content {
		if n.Kind != yaml.MappingNode || i%2 == 1 { // a field's name is a name
			asKubectl(child)
		}
	}
	if n.Kind == yaml.ScalarNode && n.Style == 0 && otherwise(n.Value) {
		n.Tag, n.Value = sent(n)
	}
}

// otherwise is whether a plain value may be another to kubectl, of which few are.
func otherwise(value string) bool {
	if value == "" || len(value) > 40 {
		return false
	}
	if strings.IndexByte("0123456789+-.", value[0]) >= 0 {
		n, err := strconv.ParseInt(value, 10, 64)
		return err != nil || strconv.FormatInt(n, 10) != value
	}
	return len(value) <= len("false") && strings.IndexByte("yYnNoOtTfF", value[0]) >= 0
}

// sent is the tag and the text of what kubectl makes of a plain value.
func sent(n *yaml.Node) (tag, text string) {
	read, err := kubectl.YAMLToJSON([]byte(n.Value))
	var value any
	if err != nil || json.Unmarshal(read, &value) != nil {
		return n.Tag, n.Value
	}
	switch v := value.(type) {
	case bool:
		return "!!bool", strconv.FormatBool(v)
	case float64:
		if _, err := strconv.ParseInt(string(read), 10, 64); err == nil {
			return "!!int", string(read)
		}
	case string:
		if n.Tag == "!!int" || n.Tag == "!!float" {
			return "!!str", n.Value
		}
	}
	return n.Tag, n.Value
}
