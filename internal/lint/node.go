package lint

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// entry is one field of a mapping.
type entry struct {
	key, value *yaml.Node
}

// mostAliases bounds aliases of aliases; a text may hold a ring of them.
const mostAliases = 20

// resolved is what an alias stands for; nil for null and for nothing.
func resolved(n *yaml.Node) *yaml.Node {
	for range mostAliases {
		if n == nil || n.Kind != yaml.AliasNode {
			break
		}
		n = n.Alias
	}
	if n == nil || n.Kind == yaml.AliasNode || n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return nil
	}
	return n
}

// entries are the fields of a mapping, those of merged mappings last.
func entries(n *yaml.Node) []entry { return entriesBelow(n, mostAliases) }

func entriesBelow(n *yaml.Node, depth int) []entry {
	n = resolved(n)
	if n == nil || n.Kind != yaml.MappingNode || depth == 0 {
		return nil
	}
	all := make([]entry, 0, len(n.Content)/2)
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Kind == yaml.ScalarNode && n.Content[i].ShortTag() == "!!merge" {
			merged = append(merged, n.Content[i+1])
			continue
		}
		all = append(all, entry{n.Content[i], n.Content[i+1]})
	}
	for _, m := range merged {
		sources := []*yaml.Node{m}
		if r := resolved(m); r != nil && r.Kind == yaml.SequenceNode {
			sources = r.Content[:min(len(r.Content), mostAliases)]
		}
		for _, source := range sources {
			for _, e := range entriesBelow(source, depth/2) {
				if find(all, e.key.Value) < 0 {
					all = append(all, e)
				}
			}
		}
	}
	return all
}

// find is the last entry of a name, which is the one that counts; -1 is none.
func find(all []entry, name string) int {
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].key.Kind == yaml.ScalarNode && all[i].key.Value == name {
			return i
		}
	}
	return -1
}

// get is the field at a path below a mapping: its key, and its value without
// aliases. The value is nil where there is none, or null.
func get(n *yaml.Node, path ...string) (key, value *yaml.Node) {
	value = resolved(n)
	for _, name := range path {
		all := entries(value)
		i := find(all, name)
		if i < 0 {
			return nil, nil
		}
		key, value = all[i].key, resolved(all[i].value)
	}
	return key, value
}

// word is the scalar at a path, or "".
func word(n *yaml.Node, path ...string) string {
	_, v := get(n, path...)
	if v == nil || v.Kind != yaml.ScalarNode {
		return ""
	}
	return v.Value
}

// items are the elements of the sequence at a path.
func items(n *yaml.Node, path ...string) []*yaml.Node {
	_, v := get(n, path...)
	if v == nil || v.Kind != yaml.SequenceNode {
		return nil
	}
	return v.Content
}

// labels are the scalars of the mapping at a path.
func labels(n *yaml.Node, path ...string) map[string]string {
	_, v := get(n, path...)
	all := map[string]string{}
	for _, e := range entries(v) {
		if s := resolved(e.value); s != nil && s.Kind == yaml.ScalarNode {
			all[e.key.Value] = s.Value
		}
	}
	return all
}

// dotted is a path of fields; an index stands in brackets behind its field.
func dotted(path ...string) string {
	return strings.ReplaceAll(strings.Join(path, "."), ".[", "[")
}
