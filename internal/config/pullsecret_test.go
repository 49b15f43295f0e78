package config_test

import (
	"strings"
	"testing"

	"istio-circuit-breaker/internal/config"

	"github.com/google/go-cmp/cmp"
)

// parse parses settings without the project's prefix; secret are names too.
func parse(settings map[string]string, secret ...string) (config.Config, error) {
	raw := map[string]string{config.Project + ":image.repository": "you/servicex"}
	for k, v := range settings {
		raw[config.Project+":"+k] = v
	}
	var keys []string
	for _, name := range secret {
		keys = append(keys, config.Project+":"+name)
	}
	return config.Parse(raw, keys...)
}

func TestPullSecretOfCredentials(t *testing.T) {
	for server, want := range map[string]string{
		"":                              "",
		"docker.io":                     "https://index.docker.io/v1/",
		"https://index.docker.io/v1/":   "https://index.docker.io/v1/",
		"registry.example:5000":         "registry.example:5000",
		"https://registry.example/v2/":  "registry.example",
		"http://localhost:5000":         "localhost:5000",
		"registry.example/team":         "registry.example/team",
		"123.dkr.ecr.eu-west-1.example": "123.dkr.ecr.eu-west-1.example",
	} {
		settings := map[string]string{"image.pullSecret.username": "robot$you", "image.pullSecret.password": "hunter2"}
		if server != "" {
			settings["image.pullSecret.server"] = server
		}
		got, err := parse(settings, "image.pullSecret.password")
		if err != nil {
			t.Errorf("server %q: %v", server, err)
		}
		if diff := cmp.Diff(config.PullSecret{Server: want, Username: "robot$you", Password: "hunter2"}, got.PullSecret); diff != "" {
			t.Errorf("server %q (-want +got):\n%s", server, diff)
		}
		if warnings := got.Warnings(); len(warnings) > 0 {
			t.Errorf("server %q warns: %v", server, warnings)
		}
	}
}

func TestPullSecretThatIsNotWhole(t *testing.T) {
	const username, password, name, server = "image.pullSecret.username", "image.pullSecret.password", "image.pullSecret.name", "image.pullSecret.server"
	for what, c := range map[string]struct {
		settings map[string]string
		secret   []string
		want     []string
	}{
		"a user alone":       {map[string]string{username: "you"}, nil, []string{password + ": is not set, but " + username + " is", "fix: pulumi config set --secret " + password}},
		"a password alone":   {map[string]string{password: "hunter2"}, []string{password}, []string{username + ": is not set, but " + password + " is"}},
		"a server alone":     {map[string]string{server: "localhost:5000"}, nil, []string{server + ": is set without the credentials that it takes"}},
		"a plain password":   {map[string]string{username: "you", password: "hunter2"}, nil, []string{password + ": is set in plain text", "fix: pulumi config set --secret " + password}},
		"a plain nested one": {map[string]string{"image": `{"pullSecret":{"username":"you","password":"hunter2"}}`}, nil, []string{"fix: pulumi config set --secret --path " + password}},
		"an empty password":  {map[string]string{username: "you", password: ""}, []string{password}, []string{password + ` = "[secret]": is empty`}},
		"a name too":         {map[string]string{name: "a", username: "you", password: "hunter2"}, []string{password}, []string{username + ": is for a Secret that is made, but " + name, password + ": is for a Secret that is made"}},
		"a user with colon":  {map[string]string{username: "you:me", password: "hunter2"}, []string{password}, []string{username + ` = "you:me": has a colon in it`}},
		"set twice":          {map[string]string{username: "you", password: "hunter2", "image": `{"pullSecret":{"password":"hunter3"}}`}, nil, []string{`"[secret]" at`}},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := parse(c.settings, c.secret...)
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("parsing: %v\nwant %q", err, want)
				}
			}
			if err != nil && strings.Contains(err.Error(), "hunter") {
				t.Errorf("shows a password: %v", err)
			}
		})
	}
}

func TestPullSecretThatIsEncryptedDoesNotMatterToTheRule(t *testing.T) {
	const credentials = "\n  istio-circuit-breaker:image.pullSecret."
	for name, text := range map[string]string{
		"dotted":            "config:" + credentials + "username: you" + credentials + "password:\n    secure: AAAB",
		"an object":         "config:\n  istio-circuit-breaker:image.pullSecret:\n    username: you\n    password:\n      secure: AAAB",
		"an object in one":  "config:\n  istio-circuit-breaker:image:\n    pullSecret:\n      username: you\n      password:\n        secure: AAAB",
		"in both":           "config:" + credentials + "username: you\n  istio-circuit-breaker:image:\n    pullSecret:\n      password:\n        secure: AAAB",
		"a whole encrypted": "config:" + credentials + "username: you\n  istio-circuit-breaker:image.pullSecret:\n    secure: AAAB",
	} {
		raw, err := config.FromStackFile([]byte(text), config.Project)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := config.Parse(raw)
		if err != nil || got.PullSecret != (config.PullSecret{}) {
			t.Errorf("%s: %+v, %v", name, got.PullSecret, err)
		}
	}
}

func TestRegistryOfAnImage(t *testing.T) {
	for image, want := range map[string]string{
		"you/servicex":                   "https://index.docker.io/v1/",
		"docker.io/you/servicex:1":       "https://index.docker.io/v1/",
		"localhost:5000/servicex":        "localhost:5000",
		"registry.example/team/x@sha256": "",
		"":                               "",
	} {
		if got := config.RegistryOf(image); got != want {
			t.Errorf("registry of %q: got %q, want %q", image, got, want)
		}
	}
}

func TestSecretThatIsThereHasToBeInTheNamespace(t *testing.T) {
	for namespace, want := range map[string][]string{
		"default": nil,
		"demo":    {`image.pullSecret.name "a" has to be in namespace "demo", which the stack makes: pods wait until somebody puts it there`},
	} {
		got, err := parse(map[string]string{"image.pullSecret.name": "a", "namespace": namespace})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Warnings()); diff != "" {
			t.Errorf("in namespace %s (-want +got):\n%s", namespace, diff)
		}
	}
}
