package main

import (
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// plainMachine is one on which the provider finds Docker by itself.
func plainMachine() machine { return machine{env: func(string) string { return "" }} }

// aMachine has what a test puts into its folder, and the variables given.
func aMachine(t *testing.T, env map[string]string) machine {
	t.Helper()
	home, err := os.MkdirTemp("", "m") // a socket's path is short
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(home) })
	return machine{home: home, socket: filepath.Join(home, "run/docker.sock"),
		env: func(name string) string { return strings.ReplaceAll(env[name], "HOME", home) }}
}

// listen has somebody answer at a socket of the machine.
func (m machine) listen(t *testing.T, socket string) {
	t.Helper()
	file := filepath.Join(m.home, socket)
	must(t, os.MkdirAll(filepath.Dir(file), 0o755))
	listener, err := net.Listen("unix", file)
	must(t, err)
	t.Cleanup(func() { listener.Close() })
}

// context makes a context of the docker command, and it the current one where
// that is asked for.
func (m machine) context(t *testing.T, name, host string, current bool) {
	t.Helper()
	id := fmt.Sprintf("%x", sha256.Sum256([]byte(name)))
	write(".docker/contexts/meta/"+id+"/meta.json",
		fmt.Sprintf(`{"Name":%q,"Metadata":{},"Endpoints":{"docker":{"Host":%q,"SkipTLSVerify":false}}}`, name, strings.ReplaceAll(host, "HOME", m.home)))(t, m.home)
	if current {
		write(".docker/config.json", fmt.Sprintf(`{"auths":{},"currentContext":%q}`, name))(t, m.home)
	}
}

const own = "run/docker.sock" // the default socket of aMachine

func TestDockerIsFoundWherePeopleHaveIt(t *testing.T) {
	colima := func(m machine) { m.context(t, "colima", "unix://HOME/.colima/default/docker.sock", true) }
	for name, c := range map[string]struct {
		env     map[string]string
		raw     map[string]string
		sockets []string
		prepare func(m machine)
		want    string // empty: where the provider looks by itself
		from    string
	}{
		"the default socket":                 {sockets: []string{own, ".colima/default/docker.sock"}},
		"DOCKER_HOST":                        {env: map[string]string{"DOCKER_HOST": "tcp://10.0.0.1:2375"}, prepare: colima},
		"docker:host":                        {raw: map[string]string{"docker:host": "tcp://10.0.0.1:2375"}, prepare: colima},
		"the current context":                {prepare: colima, want: "unix://HOME/.colima/default/docker.sock", from: `context "colima"`},
		"the current context before default": {prepare: colima, sockets: []string{own}, want: "unix://HOME/.colima/default/docker.sock", from: `context "colima"`},
		"DOCKER_CONTEXT before the current one": {env: map[string]string{"DOCKER_CONTEXT": "far"}, want: "ssh://me@far", from: `context "far"`, prepare: func(m machine) {
			colima(m)
			m.context(t, "far", "ssh://me@far", false)
		}},
		"the default context":             {env: map[string]string{"DOCKER_CONTEXT": "default"}, prepare: colima, sockets: []string{own}},
		"a context that is gone":          {env: map[string]string{"DOCKER_CONTEXT": "gone"}, sockets: []string{own}},
		"a context on the default socket": {prepare: func(m machine) { m.context(t, "here", "unix://HOME/"+own, true) }, sockets: []string{own}},
		"Docker Desktop's context":        {prepare: func(m machine) { m.context(t, "desktop-linux", "unix://HOME/.docker/run/docker.sock", true) }, sockets: []string{".docker/run/docker.sock"}},
		"Docker Desktop's beside the default": {prepare: func(m machine) { m.context(t, "desktop-linux", "unix://HOME/.docker/desktop/docker.sock", true) },
			sockets: []string{own, ".docker/desktop/docker.sock"}, want: "unix://HOME/.docker/desktop/docker.sock", from: `context "desktop-linux"`},
		"a context on Windows": {prepare: func(m machine) { m.context(t, "desktop-linux", "npipe:////./pipe/dockerDesktopLinuxEngine", true) }},
		"another configuration folder": {env: map[string]string{"DOCKER_CONFIG": "HOME/elsewhere"}, prepare: func(m machine) {
			colima(m)
			must(t, os.Rename(filepath.Join(m.home, ".docker"), filepath.Join(m.home, "elsewhere")))
		}, want: "unix://HOME/.colima/default/docker.sock", from: `context "colima"`},
		"Docker Desktop":          {sockets: []string{".docker/desktop/docker.sock"}},
		"Colima":                  {sockets: []string{".colima/default/docker.sock"}, want: "unix://HOME/.colima/default/docker.sock", from: "Colima"},
		"Colima elsewhere":        {env: map[string]string{"COLIMA_HOME": "HOME/c"}, sockets: []string{"c/default/docker.sock"}, want: "unix://HOME/c/default/docker.sock", from: "Colima"},
		"OrbStack":                {sockets: []string{".orbstack/run/docker.sock"}, want: "unix://HOME/.orbstack/run/docker.sock", from: "OrbStack"},
		"Rancher Desktop":         {sockets: []string{".rd/docker.sock"}, want: "unix://HOME/.rd/docker.sock", from: "Rancher Desktop"},
		"rootless Docker":         {env: map[string]string{"XDG_RUNTIME_DIR": "HOME/u"}, sockets: []string{"u/docker.sock"}, want: "unix://HOME/u/docker.sock", from: "rootless Docker"},
		"Podman":                  {env: map[string]string{"XDG_RUNTIME_DIR": "HOME/u"}, sockets: []string{"u/podman/podman.sock"}, want: "unix://HOME/u/podman/podman.sock", from: "Podman"},
		"one that was left there": {prepare: func(m machine) { write(own, "")(t, m.home) }, sockets: []string{".rd/docker.sock"}, want: "unix://HOME/.rd/docker.sock", from: "Rancher Desktop"},
	} {
		t.Run(name, func(t *testing.T) {
			m := aMachine(t, c.env)
			if c.prepare != nil {
				c.prepare(m)
			}
			for _, socket := range c.sockets {
				m.listen(t, socket)
			}
			if name == "a context on Windows" {
				m.socket = ""
			}
			got, err := m.findDocker(c.raw)
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.ReplaceAll(c.want, "HOME", m.home); got.host != want || got.from != c.from {
				t.Errorf("got %+v, want %q of %q", got, want, c.from)
			}
		})
	}
}

func TestDockerIsReachedWithTheContextsCertificates(t *testing.T) {
	m := aMachine(t, nil)
	m.context(t, "far", "tcp://far:2376", true)
	tls := fmt.Sprintf(".docker/contexts/tls/%x/docker", sha256.Sum256([]byte("far")))
	write(tls+"/ca.pem", "")(t, m.home)
	if got, err := m.findDocker(nil); err != nil || got.certPath != filepath.Join(m.home, tls) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestDockerThatIsNowhereIsToldBeforeAnythingIsMade(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(m machine)
		want    []string
	}{
		"nowhere": {func(machine) {}, []string{"finding Docker, which builds the image, also where Docker Desktop, Colima,", own + ": connect: no such file or directory",
			"hint: start it; where it is elsewhere: pulumi config set docker:host"}},
		"half a file":    {func(m machine) { write(".docker/config.json", "{")(t, m.home) }, []string{"reading the docker command's ", ".docker/config.json", "hint: mend or move the file"}},
		"half a context": {func(m machine) { m.context(t, "c", "", true); halve(t, m, "c") }, []string{"reading the docker command's ", "meta.json", "hint: docker context use default"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := aMachine(t, nil)
			c.prepare(m)
			r := run{machine: m, api: &fakeAPI{namespaces: map[string]map[string]string{"istio-system": nil}}}
			err := r.start(t)
			for _, want := range append(c.want, `namespace "istio-system" exists already`) {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("running: %v\nwant %q", err, want)
				}
			}
			if keys := r.outside(); len(keys) > 0 {
				t.Errorf("registered %v", keys)
			}
		})
	}
}

func halve(t *testing.T, m machine, context string) {
	write(fmt.Sprintf(".docker/contexts/meta/%x/meta.json", sha256.Sum256([]byte(context))), "{")(t, m.home)
}

func TestImageIsBuiltWhereDockerIsFound(t *testing.T) {
	const typeProvider = "pulumi:providers:docker"
	m := aMachine(t, nil)
	m.listen(t, ".colima/default/docker.sock")
	r := run{machine: m}
	r.must(t)
	if got, want := r.engine.Resource(t, typeProvider, "docker").Input("host"), "unix://"+m.home+"/.colima/default/docker.sock"; got != want {
		t.Errorf("the provider's host is %v, want %s", got, want)
	}
	if got := r.engine.Resource(t, typeImage, "servicex").RegisterRPC.GetProvider(); !strings.Contains(got, typeProvider+"::docker::") {
		t.Errorf("the image's provider is %q", got)
	}
	there := run{machine: aMachine(t, nil), settings: settings{"image.reference": "you/servicex@" + digest}}
	there.must(t) // needs no Docker at all
	if keys := there.engine.Keys(); slices.Contains(keys, typeProvider+" docker") {
		t.Errorf("registered %v", keys)
	}
}
