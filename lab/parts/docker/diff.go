package main

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// diff lists the inputs that differ, by property path. Every change is an
// update in place: the next build takes the old one's tag.
func diff(olds, news *structpb.Struct) *rpc.DiffResponse {
	changed := map[string]*rpc.PropertyDiff{}
	compare("", structpb.NewStructValue(olds), structpb.NewStructValue(news), changed)
	// As in the SDK's documentation: these cause no rebuild.
	delete(changed, "registry.username")
	delete(changed, "registry.password")
	if len(changed) == 0 {
		return &rpc.DiffResponse{Changes: rpc.DiffResponse_DIFF_NONE}
	}
	top := map[string]bool{}
	for path := range changed {
		top[path[:strings.IndexAny(path+".", ".[")]] = true
	}
	return &rpc.DiffResponse{
		Changes:         rpc.DiffResponse_DIFF_SOME,
		Diffs:           slices.Sorted(maps.Keys(top)),
		DetailedDiff:    changed,
		HasDetailedDiff: true,
	}
}

func compare(path string, before, after *structpb.Value, changed map[string]*rpc.PropertyDiff) {
	if proto.Equal(before, after) {
		return
	}
	a, b := before.GetStructValue(), after.GetStructValue()
	if a != nil && b != nil || path == "registry" && (a != nil || b != nil) {
		keys := maps.Clone(a.GetFields())
		if keys == nil {
			keys = map[string]*structpb.Value{}
		}
		maps.Copy(keys, b.GetFields())
		for key := range keys {
			compare(join(path, key), a.GetFields()[key], b.GetFields()[key], changed)
		}
		return
	}
	kind := rpc.PropertyDiff_UPDATE
	switch {
	case before == nil:
		kind = rpc.PropertyDiff_ADD
	case after == nil:
		kind = rpc.PropertyDiff_DELETE
	}
	changed[path] = &rpc.PropertyDiff{Kind: kind, InputDiff: true}
}

var plainKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// join writes a property path as Pulumi does: a.b, or a["b.c"].
func join(path, key string) string {
	switch {
	case !plainKey.MatchString(key):
		return path + "[" + strconv.Quote(key) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}
