package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	registrytypes "github.com/moby/moby/api/types/registry"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

// session keeps the way back to the plugin, as a Docker engine does.
func (f *fakeEngine) session(w http.ResponseWriter, r *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	f.sessions.Store(r.Header.Get("X-Docker-Expose-Session-Uuid"), conn)
	f.methods = r.Header.Values("X-Docker-Expose-Session-Grpc-Method")
	io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
}

// ask wants credentials for registries, as BuildKit does where it has not their base
// images: user, a colon, and the secret.
func (f *fakeEngine) ask(ctx context.Context, session string) error {
	conn, _ := f.sessions.Load(session)
	plugin, err := grpc.NewClient("passthrough:///plugin", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return conn.(net.Conn), nil }))
	if err != nil {
		return err
	}
	defer plugin.Close()
	if _, err := grpc_health_v1.NewHealthClient(plugin).Check(ctx, &grpc_health_v1.HealthCheckRequest{}); err != nil {
		return err
	}
	f.told = map[string]string{}
	for _, registry := range f.asks {
		// CredentialsRequest{Host: 1} and CredentialsResponse{Username: 1, Secret: 2}, by their bytes.
		request, answer := &emptypb.Empty{}, &emptypb.Empty{}
		if err := proto.Unmarshal(protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), registry), request); err != nil {
			return err
		}
		if err := plugin.Invoke(ctx, "/moby.filesync.v1.Auth/Credentials", request, answer); err != nil {
			return err
		}
		var fields [3]string
		err := eachField(answer.ProtoReflect().GetUnknown(), func(field protowire.Number, value []byte, _ uint64) error {
			fields[field] = string(value)
			return nil
		})
		if err != nil {
			return err
		}
		f.told[registry] = fields[1] + ":" + fields[2]
	}
	return nil
}

const base = `{"auths":{"registry.test":{"auth":"%s"},"https://index.docker.io/v1/":{"auth":"aHViOmh1Yi1zZWNyZXQ="},"token.test":{"identitytoken":"t"}}}`

func TestBuildKitIsToldTheCredentialsForBaseImages(t *testing.T) {
	engine := &fakeEngine{pushAnswer: pushed, asks: []string{"registry.test", "registry-1.docker.io", "token.test", "localhost:5000", "open.test"}}
	p, _ := started(t, engine)
	dockerConfig(t, base, nil)
	in := strings.Replace(with(""), `"skipPush"`, `"registry":{"username":"u","password":"p"},"skipPush"`, 1)
	if _, err := p.Create(t.Context(), &rpc.CreateRequest{Urn: urn, Properties: props(t, in)}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"registry.test": "me:mine", "registry-1.docker.io": "hub:hub-secret", "token.test": ":t", "localhost:5000": "u:p", "open.test": ":"}
	if d := cmp.Diff(want, engine.told); d != "" {
		t.Errorf("credentials (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"/moby.filesync.v1.Auth/Credentials"}, engine.methods); d != "" {
		t.Errorf("methods that the plugin says it has (-want +got):\n%s", d)
	}
	if len(engine.registries) != 0 {
		t.Errorf("BuildKit got credentials that it did not ask for: %v", engine.registries)
	}
}

func TestTheClassicBuilderIsSentAllCredentials(t *testing.T) {
	engine := &fakeEngine{pushAnswer: pushed}
	p, _ := started(t, engine)
	dockerConfig(t, base, nil)
	in := strings.Replace(with(`,"builderVersion":"BuilderV1"`), `"skipPush"`, `"registry":{"username":"u","password":"p"},"skipPush"`, 1)
	if _, err := p.Create(t.Context(), &rpc.CreateRequest{Urn: urn, Properties: props(t, in)}); err != nil {
		t.Fatal(err)
	}
	want := map[string]registrytypes.AuthConfig{
		"registry.test":               {Username: "me", Password: "mine", ServerAddress: "registry.test"},
		"https://index.docker.io/v1/": {Username: "hub", Password: "hub-secret", ServerAddress: "https://index.docker.io/v1/"},
		"token.test":                  {IdentityToken: "t", ServerAddress: "token.test"},
		"localhost:5000":              {Username: "u", Password: "p", ServerAddress: "localhost:5000"},
	}
	if d := cmp.Diff(want, engine.registries); d != "" {
		t.Errorf("credentials (-want +got):\n%s", d)
	}
}

func TestTheClassicBuilderIsSentWhatAStoreLists(t *testing.T) {
	engine := &fakeEngine{pushAnswer: pushed}
	p, _ := started(t, engine)
	const asItIs = `case $1 in
list) echo '{"https://old.test/v1/":"kept"}';;
get) read server; [ "$server" = https://old.test/v1/ ] && echo '{"Username":"kept","Secret":"old"}' || { echo "credentials not found in native keychain"; exit 1; };;
esac`
	dockerConfig(t, `{"credsStore":"s"}`, map[string]string{"s": asItIs})
	if _, err := p.Create(t.Context(), &rpc.CreateRequest{Urn: urn, Properties: props(t, with(`,"builderVersion":"BuilderV1"`))}); err != nil {
		t.Fatal(err)
	}
	want := map[string]registrytypes.AuthConfig{"https://old.test/v1/": {Username: "kept", Password: "old", ServerAddress: "https://old.test/v1/"}}
	if d := cmp.Diff(want, engine.registries); d != "" {
		t.Errorf("credentials (-want +got):\n%s", d)
	}
}

func TestABaseImageThatIsRefusedIsTold(t *testing.T) {
	// As Docker 20.10 and later ones say it; the output, where there is any, before it.
	const (
		buildkit   = `{"errorDetail":{"message":"registry.test/base:1: failed to resolve source metadata for registry.test/base:1: unexpected status from HEAD request: 401 Unauthorized"}}`
		buildkit20 = `{"errorDetail":{"message":"failed to solve with frontend dockerfile.v0: failed to create LLB definition: pulling from host registry.test failed with status code [manifests 1]: 401 Unauthorized"}}`
		classic    = `{"stream":"Step 1/2 : FROM registry.test/base:1\n"}{"errorDetail":{"message":"unauthorized: authentication required"}}`
		unknown    = `{"errorDetail":{"message":"Head \"https://other.test/v2/base/manifests/1\": no basic auth credentials"}}`
		elsewhere  = `{"errorDetail":{"message":"open /root/x: permission denied"}}`
	)
	const mine = `hint: registry.test refused "me" of FILE: docker login registry.test`
	tests := map[string]struct{ builder, answer, want string }{
		"to BuildKit":            {"BuilderBuildKit", buildkit, mine},
		"to an old BuildKit":     {"BuilderBuildKit", buildkit20, mine},
		"to the classic builder": {"BuilderV1", classic, mine},
		"where there are none":   {"BuilderV1", unknown, "hint: docker login to the registry that is named: FILE has no credentials for it"},
		"not by a registry":      {"BuilderV1", elsewhere, `building "localhost:5000/servicex:v1": open /root/x: permission denied`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, _ := started(t, &fakeEngine{buildAnswer: tt.answer, asks: []string{"registry.test"}})
			file := dockerConfig(t, base, nil)
			_, err := p.Create(t.Context(), &rpc.CreateRequest{Urn: urn, Properties: props(t, with(`,"builderVersion":"`+tt.builder+`"`))})
			want := strings.ReplaceAll(tt.want, "FILE", file)
			if err == nil || !strings.HasPrefix(err.Error(), `building "localhost:5000/servicex:v1": `) || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("got error %v\nwant %s", err, want)
			}
		})
	}
}

func TestAnEngineWithoutSessionsIsTold(t *testing.T) {
	p, _ := started(t, &fakeEngine{old: true})
	_, err := p.Create(t.Context(), &rpc.CreateRequest{Urn: urn, Properties: props(t, with(""))})
	for _, want := range []string{`building "localhost:5000/servicex:v1": opening a session with BuildKit: `, "\nhint: build.builderVersion BuilderV1 needs none"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not contain %q", err, want)
		}
	}
}
