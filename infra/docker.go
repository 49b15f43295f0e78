package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"istio-circuit-breaker/internal/config"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// dockerEngine is a Docker engine that the provider does not find by itself; the
// zero one is that which it does.
type dockerEngine struct {
	host     string // unix:///path, tcp://host:port or ssh://user@host
	certPath string // folder with ca.pem, cert.pem and key.pem; empty: no TLS
	from     string // what says so, for the user
}

// machine is what finding Docker depends on.
type machine struct {
	env    func(string) string
	home   string // the user's folder
	socket string // where Docker is by default; empty on a system without sockets
}

// thisMachine is the one that the program runs on.
func thisMachine() machine {
	m := machine{env: os.Getenv, socket: "/var/run/docker.sock"}
	m.home, _ = os.UserHomeDir() // without one, nothing is found in it
	if runtime.GOOS == "windows" {
		m.socket = ""
	}
	return m
}

// findDocker looks for Docker where the docker command does, and then where
// Colima, Podman and others put it. The provider of pulumi-docker knows of
// docker:host, DOCKER_HOST, the default socket and Docker Desktop's only
// (configureDockerClient in its provider/image.go): for those it gets nothing.
func (m machine) findDocker(raw map[string]string) (dockerEngine, error) {
	for key := range raw {
		if strings.HasPrefix(key, "docker:") { // the user has told the provider
			return dockerEngine{}, nil
		}
	}
	if m.env("DOCKER_HOST") != "" {
		return dockerEngine{}, nil
	}
	engine, err := m.currentContext()
	switch {
	case err != nil:
		return dockerEngine{}, err
	case engine.host != "" && m.providerTakes(engine.host):
		return dockerEngine{}, nil
	case engine.host != "":
		return engine, nil
	case m.socket == "":
		return dockerEngine{}, nil
	}
	unreachable := dial(m.socket)
	if unreachable == nil {
		return dockerEngine{}, nil
	}
	for _, place := range m.places() {
		if dial(place.socket) != nil {
			continue
		}
		if host := "unix://" + place.socket; !m.providerTakes(host) {
			return dockerEngine{host: host, from: place.of}, nil
		}
		return dockerEngine{}, nil
	}
	hint := "start it"
	if errors.Is(unreachable, fs.ErrPermission) {
		hint = "be of the group that may use it (sudo usermod -aG docker $USER, then log in again)"
	}
	return dockerEngine{}, advise(fmt.Errorf("finding Docker, which builds the image, also where Docker Desktop, Colima, OrbStack, Rancher Desktop and Podman are: %w", unreachable),
		hint+"; where it is elsewhere: pulumi config set docker:host unix:///PATH/TO/docker.sock; without Docker: pulumi config set image.reference NAME@sha256:..., an image that is there")
}

// dockerDesktop are the sockets that the provider tries where the default one does
// not answer.
func (m machine) dockerDesktop() []string {
	return []string{filepath.Join(m.home, ".docker/run/docker.sock"), filepath.Join(m.home, ".docker/desktop/docker.sock")}
}

// providerTakes reports whether the provider comes to host by itself.
func (m machine) providerTakes(host string) bool {
	path, local := strings.CutPrefix(host, "unix://")
	if !local {
		return strings.HasPrefix(host, "npipe://") // of Docker Desktop, which serves the default one too
	}
	if dial(m.socket) == nil {
		return samePlace(path, m.socket)
	}
	for _, desktop := range m.dockerDesktop() {
		if dial(desktop) == nil {
			return samePlace(path, desktop)
		}
	}
	return false
}

// samePlace follows links: Docker Desktop makes one for the default socket.
func samePlace(a, b string) bool {
	one, err := filepath.EvalSymlinks(a)
	if err != nil {
		return a == b
	}
	other, err := filepath.EvalSymlinks(b)
	return err == nil && one == other
}

// place is a socket, and whose it is.
type place struct{ socket, of string }

// places are where Docker's kin put their sockets, in the order of the search.
func (m machine) places() []place {
	var all []place
	add := func(of, folder string, sockets ...string) {
		for _, s := range sockets {
			if folder != "" {
				all = append(all, place{filepath.Join(folder, s), of})
			}
		}
	}
	for _, socket := range m.dockerDesktop() {
		all = append(all, place{socket, "Docker Desktop"})
	}
	add("OrbStack", m.home, ".orbstack/run/docker.sock")
	add("Colima", m.env("COLIMA_HOME"), "default/docker.sock")
	add("Colima", m.home, ".colima/default/docker.sock", ".colima/docker.sock", ".config/colima/default/docker.sock")
	add("Rancher Desktop", m.home, ".rd/docker.sock")
	add("Lima", m.home, ".lima/docker/sock/docker.sock")
	add("rootless Docker", m.env("XDG_RUNTIME_DIR"), "docker.sock")
	add("Podman", m.env("XDG_RUNTIME_DIR"), "podman/podman.sock")
	add("Podman", m.home, ".local/share/containers/podman/machine/podman.sock", ".local/share/containers/podman/machine/qemu/podman.sock")
	add("Podman", filepath.Dir(m.socket), "podman/podman.sock") // of root
	return all
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// dial is an error where nobody listens at a socket; one that was left behind is
// there all the same.
func dial(socket string) error {
	connection, err := net.DialTimeout("unix", socket, time.Second)
	if err != nil {
		return err // already names the socket and the cause
	}
	return connection.Close()
}

// askForDocker finds Docker where an image is to be built, and tells where.
func (p program) askForDocker(ctx *pulumi.Context, cfg config.Image) (dockerEngine, error) {
	if cfg.Reference != "" {
		return dockerEngine{}, nil
	}
	engine, err := p.machine.findDocker(p.raw)
	if err != nil || engine.host == "" {
		return engine, err
	}
	return engine, note{text: fmt.Sprintf("Docker is %s's, at %s; docker:host or DOCKER_HOST would win", engine.from, engine.host)}.tell(ctx)
}

// provider is the option by which an image is built there; nil for the provider's
// own way.
func (e dockerEngine) provider(ctx *pulumi.Context, child pulumi.ResourceOption) ([]pulumi.ResourceOption, error) {
	if e.host == "" {
		return nil, nil
	}
	args := &docker.ProviderArgs{Host: pulumi.StringPtr(e.host)}
	if e.certPath != "" {
		args.CertPath = pulumi.StringPtr(e.certPath)
	}
	made, err := docker.NewProvider(ctx, "docker", args, child)
	if err != nil {
		return nil, fmt.Errorf("registering the docker provider for %q: %w", e.host, err)
	}
	return []pulumi.ResourceOption{pulumi.Provider(made)}, nil
}
