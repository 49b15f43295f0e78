package main

import (
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

// published is what the published plugin makes of the inputs, by its
// description: it fills in these defaults, compares what it keeps in __inputs
// with what it has just checked, and gives the digest of digest_test.go.
func published(t *testing.T, inputs, digest string) *structpb.Struct {
	s := props(t, inputs)
	s.Fields["buildOnPreview"] = structpb.NewBoolValue(false)
	b := s.GetFields()["build"].GetStructValue().GetFields()
	b["context"] = structpb.NewStringValue("../servicex")
	b["dockerfile"] = structpb.NewStringValue("../servicex/Dockerfile")
	b["platform"] = structpb.NewStringValue("linux/" + runtime.GOARCH)
	b["contextDigest"] = structpb.NewStringValue(digest)
	return s
}

const swapped = `{"imageName":"localhost:5000/servicex:v1","build":{"context":"../servicex","network":"none"}}`

func TestAStateOfThePublishedPluginIsNoChange(t *testing.T) {
	p, _ := started(t, &fakeEngine{})
	now, err := p.Check(t.Context(), &rpc.CheckRequest{Urn: urn, News: props(t, swapped)})
	if err != nil {
		t.Fatal(err)
	}
	old := published(t, swapped, textOf(now.GetInputs(), "build.contextDigest"))
	resp, err := p.Diff(t.Context(), &rpc.DiffRequest{Urn: urn, OldInputs: old, News: now.GetInputs()})
	if err != nil || resp.GetChanges() != rpc.DiffResponse_DIFF_NONE {
		t.Errorf("changes %v, error %v", resp.GetDetailedDiff(), err)
	}
}

func TestAStateOfOursHoldsWhatThePublishedPluginCompares(t *testing.T) {
	p, _ := started(t, &fakeEngine{pushAnswer: pushed})
	now, err := p.Check(t.Context(), &rpc.CheckRequest{Urn: urn, News: props(t, swapped)})
	if err != nil {
		t.Fatal(err)
	}
	made, err := p.Create(t.Context(), &rpc.CreateRequest{Urn: urn, Properties: now.GetInputs()})
	if err != nil {
		t.Fatal(err)
	}
	kept := made.GetProperties().GetFields()["__inputs"].GetStructValue().AsMap()
	want := map[string]any{
		"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", // a secret
		"value":                            published(t, swapped, textOf(now.GetInputs(), "build.contextDigest")).AsMap(),
	}
	if d := cmp.Diff(want, kept); d != "" {
		t.Errorf("__inputs (-want +got):\n%s", d)
	}
}
