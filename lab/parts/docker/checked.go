package main

import (
	"runtime"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// checked returns a copy of the inputs with the digest of the build context and
// the defaults that the published plugin writes into them, by its names: where
// one of the two left a default out, it would be a change to the other.
func checked(props *structpb.Struct, in image, digest string) *structpb.Struct {
	props = proto.CloneOf(props)
	fill(props, "buildOnPreview", structpb.NewBoolValue(false))
	if isUnknown(props.GetFields()["build"].GetStringValue()) {
		return props
	}
	fill(props, "build", structpb.NewStructValue(&structpb.Struct{}))
	b := props.GetFields()["build"].GetStructValue()
	if in.build.located() {
		fill(b, "context", structpb.NewStringValue(in.build.context))
		fill(b, "dockerfile", structpb.NewStringValue(in.build.dockerfile))
	}
	// Of the machine that this plugin runs on, as the published one has it.
	fill(b, "platform", structpb.NewStringValue("linux/"+runtime.GOARCH))
	b.Fields["contextDigest"] = structpb.NewStringValue(digest)
	return props
}

// fill sets what is absent or null.
func fill(object *structpb.Struct, key string, value *structpb.Value) {
	if object.Fields == nil {
		object.Fields = map[string]*structpb.Value{}
	}
	if _, null := object.Fields[key].GetKind().(*structpb.Value_NullValue); null || object.Fields[key] == nil {
		object.Fields[key] = value
	}
}

// withInputs adds the inputs to a resource's state, marked secret, under the name
// at which the published plugin looks for them when it compares.
func withInputs(state, inputs *structpb.Struct) *structpb.Struct {
	state.Fields["__inputs"] = structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{
		// Of sdk/v3/go/common/resource/sig: a value that is an object with this
		// key is a special one, and of this kind a secret.
		"4dabf18193072939515e22adb298388d": structpb.NewStringValue("1b47061264138c4ac30d75fd1eb44270"),
		"value":                            structpb.NewStructValue(proto.CloneOf(inputs)),
	}})
	return state
}
