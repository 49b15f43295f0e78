package main

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	registrytypes "github.com/moby/moby/api/types/registry"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// dockerConfig writes the docker command's file, %s being the login me:mine, and
// credential helpers, by name, that answer as the script given does.
func dockerConfig(t *testing.T, text string, helpers map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	login := base64.StdEncoding.EncodeToString([]byte("me:mine"))
	write(t, filepath.Join(folder, "config.json"), strings.ReplaceAll(text, "%s", login))
	t.Setenv("DOCKER_CONFIG", folder)
	for name, script := range helpers {
		path := filepath.Join(folder, "docker-credential-"+name)
		write(t, path, "#!/bin/sh\n"+script)
		must(t, os.Chmod(path, 0o755))
	}
	t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	return filepath.Join(folder, "config.json")
}

const (
	anyRegistry = `read server; echo "{\"ServerURL\":\"$server\",\"Username\":\"kept\",\"Secret\":\"for-$server\"}"`
	none        = `echo "credentials not found in native keychain"; exit 1`
)

func TestPushHasTheCredentialsThatThereAre(t *testing.T) {
	const mine = `{"auths":{"localhost:5000":{"auth":"%s"},"other:5000":{"auth":"bm90Om1pbmU="}}}`
	tests := map[string]struct {
		config, registry string
		helpers          map[string]string
		want             registrytypes.AuthConfig
	}{
		"none":                                        {config: `{}`},
		"of the docker command's file":                {config: mine, want: registrytypes.AuthConfig{Username: "me", Password: "mine", ServerAddress: "localhost:5000"}},
		"of another registry alone":                   {config: strings.Replace(mine, "localhost:5000", "localhost:5001", 1)},
		"with the address of an old one":              {config: `{"auths":{"https://localhost:5000/v1/":{"auth":"%s"}}}`, want: registrytypes.AuthConfig{Username: "me", Password: "mine", ServerAddress: "https://localhost:5000/v1/"}},
		"the inputs go before":                        {config: mine, registry: `{"server":"http://localhost:5000/v2","username":"u","password":"p"}`, want: registrytypes.AuthConfig{Username: "u", Password: "p", ServerAddress: "http://localhost:5000/v2"}},
		"inputs without a server are for the image's": {config: mine, registry: `{"username":"u","password":"p"}`, want: registrytypes.AuthConfig{Username: "u", Password: "p", ServerAddress: "localhost:5000"}},
		"inputs for another registry are not sent":    {config: `{}`, registry: `{"server":"other:5000","username":"u","password":"p"}`},
		"of a store":                                  {config: `{"credsStore":"s"}`, helpers: map[string]string{"s": anyRegistry}, want: registrytypes.AuthConfig{Username: "kept", Password: "for-localhost:5000", ServerAddress: "localhost:5000"}},
		"of the registry's helper":                    {config: `{"credsStore":"s","credHelpers":{"localhost:5000":"h"}}`, helpers: map[string]string{"s": none, "h": anyRegistry}, want: registrytypes.AuthConfig{Username: "kept", Password: "for-localhost:5000", ServerAddress: "localhost:5000"}},
		"a token":                                     {config: `{"credsStore":"s"}`, helpers: map[string]string{"s": `echo '{"Username":"<token>","Secret":"t"}'`}, want: registrytypes.AuthConfig{IdentityToken: "t", ServerAddress: "localhost:5000"}},
		"a store that has none":                       {config: `{"credsStore":"s"}`, helpers: map[string]string{"s": none}},
		"a helper that is not there stops no push":    {config: `{"credsStore":"gone"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			engine := &fakeEngine{pushAnswer: pushed}
			p, h := started(t, engine)
			dockerConfig(t, tt.config, tt.helpers)
			in := props(t, with(""))
			if tt.registry != "" {
				in = props(t, strings.Replace(with(""), `"skipPush"`, `"registry":`+tt.registry+`,"skipPush"`, 1))
			}
			made, err := p.Create(t.Context(), &rpc.CreateRequest{Urn: urn, Properties: in})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, engine.auth); d != "" {
				t.Errorf("credentials (-want +got):\n%s", d)
			}
			told := strings.Join(append(h.infos, h.statuses...), "\n")
			if tt.registry == "" { // else they are in the state, as secrets
				told += made.GetProperties().String()
			}
			for _, secret := range []string{tt.want.Password, tt.want.IdentityToken} {
				if len(secret) > 1 && strings.Contains(told, secret) {
					t.Errorf("%q is in the logs or the state", secret)
				}
			}
		})
	}
}

func TestRefusedCredentialsAreTold(t *testing.T) {
	const refused = `{"errorDetail":{"message":"unauthorized: authentication required"},"error":"..."}`
	tests := map[string]struct {
		config, registry, answer string
		want                     string // FILE is the docker command's
	}{
		"none": {config: `{}`, answer: refused,
			want: "hint: FILE has no credentials for localhost:5000: docker login localhost:5000, or registry.username and registry.password of the image"},
		"of the file": {config: `{"auths":{"localhost:5000":{"auth":"%s"}}}`, answer: refused,
			want: `hint: localhost:5000 refused "me" of FILE: docker login localhost:5000`},
		"of the inputs": {config: `{}`, registry: `"registry":{"username":"u","password":"secret"},`, answer: refused,
			want: `hint: localhost:5000 refused "u" of the image's inputs: look at registry.username and registry.password`},
		"a helper that is not there": {config: `{"credsStore":"gone"}`, answer: refused,
			want: `hint: mend or take out the helper that FILE names for localhost:5000: error getting credentials - err: exec: "docker-credential-gone": executable file not found in $PATH`},
		"another failure has no hint": {config: `{}`, answer: `{"errorDetail":{"message":"received unexpected HTTP status: 500 Internal Server Error"},"error":"..."}`,
			want: `pushing "localhost:5000/servicex:v1": received unexpected HTTP status: 500 Internal Server Error`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, _ := started(t, &fakeEngine{pushAnswer: tt.answer})
			file := dockerConfig(t, tt.config, nil)
			_, err := p.Create(t.Context(), &rpc.CreateRequest{Urn: urn, Properties: props(t, strings.Replace(with(""), `"skipPush"`, tt.registry+`"skipPush"`, 1))})
			want := strings.ReplaceAll(tt.want, "FILE", file)
			if err == nil || !strings.HasPrefix(err.Error(), `pushing "localhost:5000/servicex:v1": `) || !strings.Contains(err.Error(), want) {
				t.Fatalf("got error %v\nwant %s", err, want)
			}
			if hint := strings.Contains(err.Error(), "\nhint: "); hint != strings.HasPrefix(want, "hint: ") || strings.Contains(err.Error(), "secret") {
				t.Errorf("got error %v", err)
			}
		})
	}
}

func TestABrokenFileOfTheDockerCommandIsTold(t *testing.T) {
	p, _ := started(t, &fakeEngine{pushAnswer: pushed})
	file := dockerConfig(t, `{"auths":{"localhost:5000":{"auth":"no base64"}}}`, nil)
	_, err := p.Create(t.Context(), &rpc.CreateRequest{Urn: urn, Properties: props(t, with(""))})
	for _, want := range []string{"reading the docker command's credentials: ", file, "\nhint: mend or move the file"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not contain %q", err, want)
		}
	}
}

func TestTheFileIsInTheHomeFolder(t *testing.T) {
	engine := &fakeEngine{pushAnswer: pushed}
	p, _ := started(t, engine)
	home := t.TempDir()
	write(t, filepath.Join(home, ".docker/config.json"), `{"auths":{"localhost:5000":{"auth":"bWU6bWluZQ=="}}}`)
	t.Setenv("HOME", home)
	t.Setenv("DOCKER_CONFIG", "")
	if _, err := p.Create(t.Context(), &rpc.CreateRequest{Urn: urn, Properties: props(t, with(""))}); err != nil || engine.auth.Username != "me" {
		t.Errorf("credentials %v, error %v", engine.auth, err)
	}
}
