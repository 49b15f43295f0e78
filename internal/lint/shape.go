package lint

import (
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// messageOf is the message of a field's value, or of each of its list; nil where that
// is a value or a mapping of names.
func messageOf(f protoreflect.FieldDescriptor) protoreflect.MessageDescriptor {
	if m := f.Message(); m != nil && !f.IsMap() && !strings.HasPrefix(string(m.FullName()), "google.protobuf.") {
		return m
	}
	return nil
}

// kinds are what a value is, in words.
var kinds = map[yaml.Kind]string{yaml.MappingNode: "a mapping", yaml.SequenceNode: "a list", yaml.ScalarNode: "one value"}

// misshapen finds a value of another shape than its field has, which keeps the whole
// object from being taken. What is below it cannot be judged then. Single values of
// outlierDetection are read, and judged, by block.
func (l *Linter) misshapen(o *object, f protoreflect.FieldDescriptor, at *yaml.Node, path string, outlier bool) bool {
	v, name := resolved(at), f.JSONName()
	wants, each := yaml.ScalarNode, f
	switch {
	case f.IsList():
		wants = yaml.SequenceNode
	case f.IsMap():
		wants, each = yaml.MappingNode, f.MapValue()
	case messageOf(f) != nil:
		wants = yaml.MappingNode
	}
	refused := func(at *yaml.Node, path, what string) bool {
		l.add(o.found(badValue, o.at(at), path, what+": the API server refuses the object.", istioCRD, "write what it has to be"))
		return true
	}
	path = dotted(path, name)
	switch {
	case v == nil, outlier && wants == yaml.ScalarNode:
		return false
	case v.Kind != wants:
		return refused(at, path, fmt.Sprintf("%s is %s, and has to be %s", name, kinds[v.Kind], kinds[wants]))
	case wants == yaml.ScalarNode:
		why := misvalued(f, v)
		return why != "" && refused(at, path, fmt.Sprintf("%s is %s, and has to be %s", name, quoted(v), why))
	case !f.IsList() && !f.IsMap():
		return false
	}
	wants, bad := yaml.ScalarNode, false
	if messageOf(each) != nil {
		wants = yaml.MappingNode
	}
	for i, item := range v.Content {
		if f.IsMap() && i%2 == 0 {
			continue // a name
		}
		below := dotted(path, index(i))
		if f.IsMap() {
			below = dotted(path, v.Content[i-1].Value)
		}
		switch has := resolved(item); {
		case has == nil && !f.IsMap(): // it may have no place
			bad = refused(at, below, fmt.Sprintf("an element of %s is null, and has to be %s", name, kinds[wants]))
		case has == nil:
		case has.Kind != wants:
			bad = refused(item, below, fmt.Sprintf("an element of %s is %s, and has to be %s", name, kinds[has.Kind], kinds[wants]))
		case wants == yaml.ScalarNode && !(f.IsMap() && v.Content[i-1].ShortTag() == "!!merge"):
			if why := misvalued(each, has); why != "" {
				bad = refused(item, below, fmt.Sprintf("an element of %s is %s, and has to be %s", name, quoted(has), why))
			}
		}
	}
	return bad
}

// misvalued is what a single value has to be and is not; empty where it is.
func misvalued(f protoreflect.FieldDescriptor, v *yaml.Node) string {
	if e := f.Enum(); e != nil {
		if e.Values().ByName(protoreflect.Name(v.Value)) == nil {
			return "one of " + valuesOf(e)
		}
		return ""
	}
	kind := f.Kind()
	if m := f.Message(); m != nil {
		kind = protoreflect.StringKind
		if _, err := time.ParseDuration(v.Value); m.Name() == "Duration" && err != nil {
			return "a duration such as 30s"
		}
		if value := m.Fields().ByName("value"); value != nil && strings.HasSuffix(string(m.Name()), "Value") {
			kind = value.Kind()
		}
	}
	tag := v.ShortTag()
	switch kind {
	case protoreflect.BoolKind:
		if tag != "!!bool" {
			return "true or false"
		}
	case protoreflect.StringKind:
		if tag == "!!int" || tag == "!!float" || tag == "!!bool" {
			return "a text, in quotes"
		}
	case protoreflect.DoubleKind, protoreflect.FloatKind, protoreflect.Int32Kind, protoreflect.Int64Kind, protoreflect.Uint32Kind, protoreflect.Uint64Kind:
		if tag != "!!int" && tag != "!!float" {
			return "a number, without quotes"
		}
	}
	return ""
}

func valuesOf(e protoreflect.EnumDescriptor) string {
	var all []string
	for i := range e.Values().Len() {
		all = append(all, string(e.Values().Get(i).Name()))
	}
	return strings.Join(all, ", ")
}
