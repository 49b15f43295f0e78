package lint

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Written is a DestinationRule as it stands in a text.
type Written struct {
	Name, Namespace string
	Position
	// Spec is its spec as JSON; null where it has none.
	Spec json.RawMessage
}

// String is the rule's name, with its namespace where it says one.
func (w Written) String() string {
	if w.Namespace == "" {
		return w.Name
	}
	return w.Namespace + "/" + w.Name
}

// DestinationRules are those of a text, also those in Lists, in its order. It
// fails on documents that are no YAML, and on a rule that is no JSON.
func DestinationRules(name string, content []byte) ([]Written, error) {
	var all []Written
	var failed error
	var take func(in text, root *yaml.Node, left *int)
	take = func(in text, root *yaml.Node, left *int) {
		if root = resolved(root); root == nil || root.Kind != yaml.MappingNode || *left <= 0 || failed != nil {
			return
		}
		*left--
		kind := word(root, "kind")
		if list := items(root, "items"); list != nil && strings.HasSuffix(kind, "List") {
			for _, item := range list {
				take(in, item, left)
			}
			return
		}
		if group, _, _ := strings.Cut(word(root, "apiVersion"), "/"); group != "networking.istio.io" || kind != "DestinationRule" {
			return
		}
		w := Written{Name: word(root, "metadata", "name"), Namespace: word(root, "metadata", "namespace"), Position: in.at(root)}
		if w.Spec, failed = jsonSpec(root); failed != nil {
			failed = fmt.Errorf("reading DestinationRule %q in %q: %w", w, name, failed)
			return
		}
		all = append(all, w)
	}
	err := parse(name, content, func(in text, root *yaml.Node) {
		left := mostItems
		take(in, root, &left)
	})
	if err == nil {
		err = failed
	}
	return all, err
}

// jsonSpec is an object's spec as JSON.
func jsonSpec(root *yaml.Node) (json.RawMessage, error) {
	var object struct {
		Spec any `yaml:"spec"`
	}
	if err := decoded(root, &object); err != nil {
		return nil, fmt.Errorf("decoding it: %w", err)
	}
	return json.Marshal(object.Spec)
}
