package main

import (
	"archive/tar"
	"encoding/base64"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	registrytypes "github.com/moby/moby/api/types/registry"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/structpb"
)

const (
	urn    = "urn:pulumi:dev::lab::docker:index/image:Image::servicex"
	pushed = `{"status":"The push refers to repository [localhost:5000/servicex]"}
{"status":"Pushed","progressDetail":{},"id":"5f70bf18a086"}
{"status":"v1: digest: sha256:abcd size: 528"}
{"progressDetail":{},"aux":{"Tag":"v1","Digest":"sha256:abcd","Size":528}}
`
	inputs = `{"imageName":"localhost:5000/servicex:v1","skipPush":false,"buildOnPreview":false,"build":{"context":"../servicex"%s}}`
)

func with(extra string) string { return strings.Replace(inputs, "%s", extra, 1) }

// started returns a provider that is configured for engine, in a program's
// folder with the service's folder beside it.
func started(t *testing.T, engine *fakeEngine) (*provider, *heard) {
	t.Helper()
	dir := inDir(t, map[string]string{
		"infra/Pulumi.yaml":      "name: lab",
		"servicex/Dockerfile":    "FROM scratch",
		"servicex/main.go":       "package main",
		"servicex/.dockerignore": "*_test.go\n",
		"servicex/main_test.go":  "package main",
	})
	t.Chdir(filepath.Join(dir, "infra"))
	t.Setenv("DOCKER_CONFIG", t.TempDir()) // not the developer's own
	h := &heard{}
	p := newProvider(t.Context(), h)
	vars := map[string]string{"docker:config:host": engine.start(t)}
	if _, err := p.Configure(t.Context(), &rpc.ConfigureRequest{Variables: vars}); err != nil { //nolint:staticcheck // deprecated, and what the engine sends
		t.Fatal(err)
	}
	return p, h
}

// stepMessage is BuildKit's progress: one step under way, and one line of its output.
func stepMessage(step, output string) string {
	vertex := protowire.AppendString(protowire.AppendTag(nil, vertexDigest, protowire.BytesType), "sha256:"+step)
	vertex = protowire.AppendString(protowire.AppendTag(vertex, vertexName, protowire.BytesType), step)
	vertex = protowire.AppendBytes(protowire.AppendTag(vertex, vertexStarted, protowire.BytesType), nil)
	log := protowire.AppendString(protowire.AppendTag(nil, logMessage, protowire.BytesType), output)
	message := protowire.AppendBytes(protowire.AppendTag(nil, statusVertexes, protowire.BytesType), vertex)
	message = protowire.AppendBytes(protowire.AppendTag(message, statusLogs, protowire.BytesType), log)
	return `{"id":"moby.buildkit.trace","aux":"` + base64.StdEncoding.EncodeToString(message) + `"}` + "\n"
}

func TestConfigureSaysThatThisIsNotThePublishedPlugin(t *testing.T) {
	_, h := started(t, &fakeEngine{})
	want := "docker provider of the lab: serves docker:index/image:Image against the engine at unix:///"
	if len(h.infos) != 1 || !strings.HasPrefix(h.infos[0], want) || !strings.HasSuffix(h.infos[0], "; not Pulumi's published plugin") {
		t.Errorf("got %q, want one line %q...", h.infos, want)
	}
}

func TestCreateBuildsWithBuildKitPushesAndReturnsTheDigest(t *testing.T) {
	engine := &fakeEngine{buildAnswer: stepMessage("[build 2/2] RUN go build", "# servicex\n"), pushAnswer: pushed}
	p, h := started(t, engine)
	resp, err := p.Create(t.Context(), &rpc.CreateRequest{Urn: urn, Properties: props(t, `{
		"imageName":"localhost:5000/servicex:v1",
		"registry":{"server":"localhost:5000","username":"u","password":"secret"},
		"build":{"context":"../servicex","args":{"GO":"1.26"},"target":"final","platform":"linux/amd64","network":"host","addHosts":["a:127.0.0.1"]}}`)})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"baseImageName":  "localhost:5000/servicex:v1",
		"imageName":      "localhost:5000/servicex:v1",
		"registryServer": "localhost:5000",
		"context":        "../servicex",
		"dockerfile":     "Dockerfile",
		"platform":       "linux/amd64",
		"repoDigest":     "localhost:5000/servicex@sha256:abcd",
	}
	got := resp.GetProperties().AsMap()
	delete(got, "__inputs")
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("state (-want +got):\n%s", d)
	}
	if resp.GetId() != "localhost:5000/servicex:v1" {
		t.Errorf("ID %q, want the image's name", resp.GetId())
	}
	query := map[string][]string{
		"t": {"localhost:5000/servicex:v1"}, "version": {"2"}, "dockerfile": {"Dockerfile"}, "target": {"final"},
		"platform": {"linux/amd64"}, "networkmode": {"host"}, "extrahosts": {"a:127.0.0.1"}, "buildargs": {`{"GO":"1.26"}`},
	}
	if d := cmp.Diff(query, map[string][]string(engine.builds[0])); d != "" {
		t.Errorf("build request (-want +got):\n%s", d)
	}
	files := map[string]string{"Dockerfile": "FROM scratch", "main.go": "package main", ".dockerignore": "*_test.go\n"}
	if d := cmp.Diff(files, engine.archive); d != "" {
		t.Errorf("archive (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"localhost:5000/servicex/push?tag=v1"}, engine.pushes); d != "" {
		t.Errorf("pushes (-want +got):\n%s", d)
	}
	auth := registrytypes.AuthConfig{Username: "u", Password: "secret", ServerAddress: "localhost:5000"}
	if d := cmp.Diff(auth, engine.auth); d != "" {
		t.Errorf("credentials (-want +got):\n%s", d)
	}
	statuses := strings.Join(h.statuses, "\n")
	for _, want := range []string{"[build 2/2] RUN go build\n# servicex\n", "5f70bf18a086: Pushed"} {
		if !strings.Contains(statuses, want) {
			t.Errorf("progress %q does not contain %q", statuses, want)
		}
	}
	if all := statuses + strings.Join(h.infos, ""); strings.Contains(all, "secret") {
		t.Errorf("the password is in the logs: %q", all)
	}
}

func TestArchiveCarriesNeitherTimesNorOwners(t *testing.T) {
	engine := &fakeEngine{pushAnswer: pushed}
	p, _ := started(t, engine)
	if _, err := p.Create(t.Context(), &rpc.CreateRequest{Urn: urn, Properties: props(t, with(""))}); err != nil {
		t.Fatal(err)
	}
	if len(engine.headers) != 3 {
		t.Fatalf("archive has %d entries, want 3", len(engine.headers))
	}
	for _, h := range engine.headers {
		got := tar.Header{Uid: h.Uid, Gid: h.Gid, Uname: h.Uname, Mode: h.Mode}
		if want := (tar.Header{Mode: 0o644}); !cmp.Equal(got, want) || h.ModTime.Unix() != 0 {
			t.Errorf("%s: owner and mode %+v at %v, want root's, 0644, at time zero", h.Name, got, h.ModTime)
		}
	}
}

func TestBuilderV1BuildsWithTheClassicBuilder(t *testing.T) {
	engine := &fakeEngine{buildAnswer: `{"stream":"Step 1/1 : FROM scratch\n"}{"aux":{"ID":"sha256:1111"}}`, pushAnswer: pushed}
	p, h := started(t, engine)
	if _, err := p.Create(t.Context(), &rpc.CreateRequest{Urn: urn, Properties: props(t, with(`,"builderVersion":"BuilderV1"`))}); err != nil {
		t.Fatal(err)
	}
	if got := engine.builds[0].Get("version"); got != "1" {
		t.Errorf("version=%q, want 1", got)
	}
	if got := strings.Join(h.statuses, "\n"); !strings.Contains(got, "Step 1/1 : FROM scratch") {
		t.Errorf("progress %q lacks the step", got)
	}
}

func TestSkipPushPushesNothingAndReturnsTheImageID(t *testing.T) {
	engine := &fakeEngine{}
	p, _ := started(t, engine)
	resp, err := p.Create(t.Context(), &rpc.CreateRequest{Urn: urn,
		Properties: props(t, `{"imageName":"servicex","skipPush":true,"build":{"context":"../servicex"}}`)})
	if err != nil {
		t.Fatal(err)
	}
	if got := textOf(resp.GetProperties(), "repoDigest"); got != "sha256:1111" {
		t.Errorf("repoDigest %q, want the image's ID", got)
	}
	if got := textOf(resp.GetProperties(), "platform"); got != "linux/amd64" {
		t.Errorf("platform %q, want that of the image", got)
	}
	if len(engine.pushes) != 0 {
		t.Errorf("pushed %q", engine.pushes)
	}
}

func TestFailures(t *testing.T) {
	long := strings.Repeat("line\n", 30)
	tests := map[string]struct {
		engine *fakeEngine
		want   []string
	}{
		"a failed build shows the last lines of its output": {
			&fakeEngine{buildAnswer: stepMessage("[2/2] RUN go build", long+"main.go:3: undefined: x\n") +
				`{"errorDetail":{"message":"process \"go build\" did not complete: exit code: 1"},"error":"..."}`},
			[]string{`building "localhost:5000/servicex:v1"`, "exit code: 1", "last lines of the build:", "\n  main.go:3: undefined: x"},
		},
		"a failed push shows the registry's answer": {
			&fakeEngine{pushAnswer: `{"errorDetail":{"message":"denied"},"error":"denied"}`},
			[]string{`pushing "localhost:5000/servicex:v1": denied`},
		},
		"a push without a digest is no success": {
			&fakeEngine{pushAnswer: `{"status":"ok"}`},
			[]string{`pushing "localhost:5000/servicex:v1": the engine told no digest`},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, _ := started(t, tt.engine)
			_, err := p.Create(t.Context(), &rpc.CreateRequest{Urn: urn, Properties: props(t, with(""))})
			if err == nil {
				t.Fatal("got no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not contain %q", err, want)
				}
			}
			if lines := strings.Count(err.Error(), "\n"); lines > tailLines+1 {
				t.Errorf("the error has %d lines, want at most %d of output", lines, tailLines)
			}
		})
	}
}

func TestPreviewBuildsOnlyWhenAsked(t *testing.T) {
	tests := map[string]struct {
		inputs string
		builds int
		want   map[string]string
	}{
		"without buildOnPreview nothing is built": {with(""), 0, map[string]string{
			"imageName": "localhost:5000/servicex:v1", "dockerfile": "Dockerfile", "repoDigest": unknownString, "platform": unknownString}},
		"buildOnPreview builds, and pushes nothing": {strings.Replace(with(""), `Preview":false`, `Preview":true`, 1), 1, map[string]string{
			"repoDigest": unknownString, "platform": "linux/amd64"}},
		"what is unknown stays unknown": {`{"imageName":"` + unknownString + `","buildOnPreview":true,"build":{"context":"../servicex"}}`, 0,
			map[string]string{"imageName": unknownString, "context": "../servicex"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			engine := &fakeEngine{}
			p, _ := started(t, engine)
			resp, err := p.Create(t.Context(), &rpc.CreateRequest{Urn: urn, Preview: true, Properties: props(t, tt.inputs)})
			if err != nil {
				t.Fatal(err)
			}
			if len(engine.builds) != tt.builds || len(engine.pushes) != 0 {
				t.Errorf("got %d builds and %d pushes, want %d and 0", len(engine.builds), len(engine.pushes), tt.builds)
			}
			for key, want := range tt.want {
				if got := textOf(resp.GetProperties(), key); got != want {
					t.Errorf("%s: got %q, want %q", key, got, want)
				}
			}
		})
	}
}

func TestCheckNamesTheHostWhenNoEngineAnswers(t *testing.T) {
	p, _ := started(t, &fakeEngine{})
	p.host = "unix:///nowhere/docker.sock"
	_, err := p.Check(t.Context(), &rpc.CheckRequest{Urn: urn, News: props(t, with(""))})
	for _, want := range []string{"reaching the docker engine at unix:///nowhere/docker.sock", "\nhint: start it", "docker:host", "DOCKER_HOST"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not contain %q", err, want)
		}
	}
}

func TestOtherResourcesAndSettingsAreRefusedByName(t *testing.T) {
	p, _ := started(t, &fakeEngine{})
	_, err := p.Check(t.Context(), &rpc.CheckRequest{Urn: "urn:pulumi:dev::lab::docker:index/container:Container::c"})
	want := `resource type "docker:index/container:Container" is not implemented by the lab's docker provider, only "docker:index/image:Image" is`
	if err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
	resp, err := p.CheckConfig(t.Context(), &rpc.CheckRequest{News: props(t, `{"host":"unix:///x","certPath":"/c","registryAuth":"[]"}`)})
	if err != nil {
		t.Fatal(err)
	}
	var refused []string
	for _, f := range resp.GetFailures() {
		refused = append(refused, f.GetReason())
	}
	all := strings.Join(refused, "\n")
	if len(refused) != 2 || !strings.Contains(all, "docker:certPath is not implemented") || !strings.Contains(all, "docker:registryAuth is not implemented") {
		t.Errorf("got %q, want certPath and registryAuth refused", all)
	}
}

func TestDeleteAsksTheEngineForNothing(t *testing.T) {
	engine := &fakeEngine{}
	p, _ := started(t, engine)
	p.host = "unix:///nowhere/docker.sock"
	if _, err := p.Delete(t.Context(), &rpc.DeleteRequest{Urn: urn, Properties: &structpb.Struct{}}); err != nil {
		t.Error(err)
	}
}

func TestInvokeRefusesFunctionsByName(t *testing.T) {
	p, _ := started(t, &fakeEngine{})
	_, err := p.Invoke(t.Context(), &rpc.InvokeRequest{Tok: "docker:index/getRegistryImage:getRegistryImage"})
	want := `function "docker:index/getRegistryImage:getRegistryImage" is not implemented by the lab's docker provider, only resource "docker:index/image:Image" is`
	if err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}

func TestTheVersionSaysThatItIsTheLabs(t *testing.T) {
	p, _ := started(t, &fakeEngine{})
	info, err := p.GetPluginInfo(t.Context(), nil)
	if err != nil || info.GetVersion() != version+"+lab" {
		t.Errorf("got %v, error %v, want %s+lab", info, err, version)
	}
}
