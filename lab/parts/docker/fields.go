package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

// unknownString stands for a string that a preview cannot know yet.
const unknownString = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

// isUnknown recognises the values by which Pulumi's wire format marks what a
// preview cannot know: one per type, all of them sent as strings. See
// sdk/v3/go/common/resource/plugin/rpc.go, which is too large a package to
// import for six constants.
func isUnknown(s string) bool {
	switch s {
	case unknownString,
		"1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // bool
		"3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
		"6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
		"030794c1-ac77-496b-92df-f27374a8bd58", // asset
		"e48ece36-62e2-4504-bad9-02848725956a", // archive
		"dd056dcd-154b-4c76-9bd3-c8f88648b5ff": // object
		return true
	}
	return false
}

// fields reads the values of one object out of the inputs, each once, and
// collects what is wrong with them.
type fields struct {
	path     string // of the object, with a dot at its end unless empty
	left     map[string]*structpb.Value
	failures *[]*rpc.CheckFailure
	unknown  *bool
}

func newFields(path string, object *structpb.Struct, failures *[]*rpc.CheckFailure, unknown *bool) *fields {
	return &fields{path, maps.Clone(object.GetFields()), failures, unknown}
}

func (f *fields) fail(key, reason string) {
	*f.failures = append(*f.failures, &rpc.CheckFailure{Property: f.path + key, Reason: f.path + key + " " + reason})
}

// take returns the value of key and whether there is one to be read: not when
// it is absent, null, or unknown.
func (f *fields) take(key string) (*structpb.Value, bool) {
	v, ok := f.left[key]
	delete(f.left, key)
	if _, null := v.GetKind().(*structpb.Value_NullValue); !ok || null {
		return nil, false
	}
	if isUnknown(v.GetStringValue()) {
		*f.unknown = true
		return v, false
	}
	return v, true
}

// text returns the string at key, absent if there is none, and "" if it is unknown.
func (f *fields) text(key, absent string) string {
	v, ok := f.take(key)
	if !ok {
		if v != nil {
			return ""
		}
		return absent
	}
	if _, ok := v.GetKind().(*structpb.Value_StringValue); !ok {
		f.fail(key, fmt.Sprintf("is %s, want a string", kindOf(v)))
	}
	return v.GetStringValue()
}

func (f *fields) flag(key string) bool {
	v, ok := f.take(key)
	if !ok {
		return false
	}
	if _, ok := v.GetKind().(*structpb.Value_BoolValue); !ok {
		f.fail(key, fmt.Sprintf("is %s, want true or false", kindOf(v)))
	}
	return v.GetBoolValue()
}

func (f *fields) object(key string) *fields {
	v, ok := f.take(key)
	if ok && v.GetStructValue() == nil {
		f.fail(key, fmt.Sprintf("is %s, want an object", kindOf(v)))
	}
	return newFields(f.path+key+".", v.GetStructValue(), f.failures, f.unknown)
}

func (f *fields) texts(key string) map[string]string {
	inner := f.object(key)
	values := map[string]string{}
	for _, k := range slices.Sorted(maps.Keys(inner.left)) {
		values[k] = inner.text(k, "")
	}
	return values
}

func (f *fields) list(key string) []string {
	v, ok := f.take(key)
	if !ok {
		return nil
	}
	if v.GetListValue() == nil {
		f.fail(key, fmt.Sprintf("is %s, want a list", kindOf(v)))
	}
	var values []string
	for i, v := range v.GetListValue().GetValues() {
		item := &fields{f.path, map[string]*structpb.Value{key: v}, f.failures, f.unknown}
		if s := item.text(key, ""); s == "" && !*f.unknown {
			f.fail(key, fmt.Sprintf("has nothing at position %d", i))
		} else {
			values = append(values, s)
		}
	}
	return values
}

// refuseRest fails every value that was not read: ignoring it would build
// something else than was asked for.
func (f *fields) refuseRest() {
	for _, key := range slices.Sorted(maps.Keys(f.left)) {
		f.fail(key, "is not implemented by the lab's docker provider")
	}
}

func kindOf(v *structpb.Value) string {
	switch v.GetKind().(type) {
	case *structpb.Value_StringValue:
		return "a string"
	case *structpb.Value_BoolValue:
		return "a boolean"
	case *structpb.Value_NumberValue:
		return "a number"
	case *structpb.Value_ListValue:
		return "a list"
	case *structpb.Value_StructValue:
		return "an object"
	}
	return "empty"
}

// typeOf returns the resource type in urn: the last of its chain of types.
func typeOf(urn string) string {
	parts := strings.SplitN(urn, "::", 4) // urn:pulumi:stack, project, types, name
	if len(parts) < 4 {
		return ""
	}
	return parts[2][strings.LastIndex(parts[2], "$")+1:]
}
