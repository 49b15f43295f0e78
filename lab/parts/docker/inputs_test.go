package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

func TestCheckAddsTheContextsDigestAndKeepsTheRest(t *testing.T) {
	p, _ := started(t, &fakeEngine{})
	tests := map[string]struct{ inputs, want string }{
		"a known context has a digest":            {with(""), ""},
		"an unknown context has an unknown one":   {with(`,"dockerfile":"` + unknownString + `"`), unknownString},
		"an unknown name does not hide the files": {`{"imageName":"` + unknownString + `","build":{"context":"../servicex"}}`, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			resp, err := p.Check(t.Context(), &rpc.CheckRequest{Urn: urn, News: props(t, tt.inputs)})
			if err != nil || len(resp.GetFailures()) > 0 {
				t.Fatalf("got error %v, failures %v", err, resp.GetFailures())
			}
			got := textOf(resp.GetInputs(), "build.contextDigest")
			if tt.want != "" && got != tt.want || tt.want == "" && len(got) != 64 {
				t.Errorf("contextDigest %q", got)
			}
			for key, value := range props(t, tt.inputs).GetFields()["build"].GetStructValue().GetFields() {
				if got := textOf(resp.GetInputs(), "build."+key); got != value.GetStringValue() {
					t.Errorf("build.%s became %q, was %q", key, got, value.GetStringValue())
				}
			}
			delete(resp.GetInputs().GetFields(), "build")
			want := props(t, tt.inputs)
			delete(want.GetFields(), "build")
			want.Fields["buildOnPreview"] = structpb.NewBoolValue(false)
			if d := cmp.Diff(want.AsMap(), resp.GetInputs().AsMap()); d != "" {
				t.Errorf("other inputs changed (-want +got):\n%s", d)
			}
		})
	}
}

func TestCheckRefuses(t *testing.T) {
	name := `"imageName":"localhost:5000/servicex:v1"`
	tests := map[string]struct {
		inputs string
		want   []string // property and reason
	}{
		"inputs that it does not implement": {`{` + name + `,"color":"red","build":{"context":"../servicex","cacheFrom":{"images":["a"]},"extra":1}}`, []string{
			"build.cacheFrom is not implemented by the lab's docker provider",
			"build.extra is not implemented by the lab's docker provider",
			"color is not implemented by the lab's docker provider"}},
		"a missing name": {`{"build":{"context":"../servicex"}}`, []string{"imageName is required"}},
		"a name without a registry": {`{"imageName":"me/servicex:v1","build":{"context":"../servicex"}}`, []string{
			`imageName is "me/servicex:v1", want it with its registry, such as "docker.io/me/servicex:v1"`}},
		"a name that is no reference": {`{"imageName":"Not A Name","build":{"context":"../servicex"}}`, []string{`imageName is "Not A Name": invalid reference format`}},
		"a name with a digest": {`{"imageName":"localhost:5000/s@sha256:` + strings.Repeat("a", 64) + `","build":{"context":"../servicex"}}`, []string{
			`want a name without a digest`}},
		"wrong types, all at once": {`{` + name + `,"skipPush":"yes","registry":true,"build":{"context":"../servicex","args":[],"addHosts":"a","target":1}}`, []string{
			"skipPush is a string, want true or false",
			"registry is a boolean, want an object",
			"build.target is a number, want a string",
			"build.args is a list, want an object",
			"build.addHosts is a string, want a list"}},
		"the union that build once was": {`{` + name + `,"build":true}`, []string{"build is a boolean, want an object", "dockerfile"}},
		"a user without a password":     {`{` + name + `,"registry":{"username":"u"},"build":{"context":"../servicex"}}`, []string{"registry needs username and password together, or neither"}},
		"a context that is not there":   {`{` + name + `,"build":{"context":"nowhere"}}`, []string{`build.context stat nowhere: no such file or directory`}},
		"a context that is a file":      {`{` + name + `,"build":{"context":"Pulumi.yaml"}}`, []string{`build.context is "Pulumi.yaml", want a folder`}},
		"a Dockerfile relative to the context": {`{` + name + `,"build":{"context":"../servicex","dockerfile":"Dockerfile"}}`, []string{
			`relative to the program, not to the context: try "../servicex/Dockerfile"`}},
		"a platform of another form": {`{` + name + `,"build":{"context":"../servicex","platform":"amd64"}}`, []string{`build.platform is "amd64", want os/architecture such as linux/amd64`}},
		"a builder of another name":  {`{` + name + `,"build":{"context":"../servicex","builderVersion":"V3"}}`, []string{`build.builderVersion is "V3", want BuilderV1 or BuilderBuildKit`}},
	}
	p, _ := started(t, &fakeEngine{})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			resp, err := p.Check(t.Context(), &rpc.CheckRequest{Urn: urn, News: props(t, tt.inputs)})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range resp.GetFailures() {
				got = append(got, f.GetReason())
			}
			if len(got) != len(tt.want) {
				t.Fatalf("got %d failures %q, want %d", len(got), got, len(tt.want))
			}
			for i, want := range tt.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("failure %d: got %q, want %q", i, got[i], want)
				}
			}
		})
	}
}

func TestDiff(t *testing.T) {
	before := `{"imageName":"localhost:5000/s:v1","registry":{"server":"r","username":"u","password":"p"},"build":{"context":"c","contextDigest":"d1","args":{"A.B":"1"}}}`
	tests := map[string]struct {
		after string
		want  map[string]rpc.PropertyDiff_Kind
	}{
		"the same inputs are no change":              {before, nil},
		"new credentials are no change":              {strings.NewReplacer(`"u"`, `"u2"`, `"p"`, `"p2"`).Replace(before), nil},
		"added or removed credentials are no change": {strings.Replace(before, `,"username":"u","password":"p"`, "", 1), nil},
		"a changed file is an update":                {strings.Replace(before, "d1", "d2", 1), map[string]rpc.PropertyDiff_Kind{"build.contextDigest": rpc.PropertyDiff_UPDATE}},
		"another server is an update":                {strings.Replace(before, `"r"`, `"r2"`, 1), map[string]rpc.PropertyDiff_Kind{"registry.server": rpc.PropertyDiff_UPDATE}},
		"a registry that goes is a delete of its server": {strings.Replace(before, `"registry":{"server":"r","username":"u","password":"p"},`, "", 1),
			map[string]rpc.PropertyDiff_Kind{"registry.server": rpc.PropertyDiff_DELETE}},
		"another name is an update":  {strings.Replace(before, "s:v1", "s:v2", 1), map[string]rpc.PropertyDiff_Kind{"imageName": rpc.PropertyDiff_UPDATE}},
		"a new input is an addition": {strings.Replace(before, `"context":"c"`, `"context":"c","target":"x"`, 1), map[string]rpc.PropertyDiff_Kind{"build.target": rpc.PropertyDiff_ADD}},
		"paths quote keys with dots": {strings.Replace(before, `"A.B":"1"`, `"A.B":"2"`, 1), map[string]rpc.PropertyDiff_Kind{`build.args["A.B"]`: rpc.PropertyDiff_UPDATE}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			resp := diff(props(t, before), props(t, tt.after))
			var got map[string]rpc.PropertyDiff_Kind
			for path, d := range resp.GetDetailedDiff() {
				if got == nil {
					got = map[string]rpc.PropertyDiff_Kind{}
				}
				got[path] = d.GetKind()
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("diff (-want +got):\n%s", d)
			}
			changes := rpc.DiffResponse_DIFF_SOME
			if tt.want == nil {
				changes = rpc.DiffResponse_DIFF_NONE
			}
			if resp.GetChanges() != changes {
				t.Errorf("changes: got %v, want %v", resp.GetChanges(), changes)
			}
		})
	}
}
