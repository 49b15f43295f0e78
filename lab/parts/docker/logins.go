package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/credentials"
	registrytypes "github.com/moby/moby/api/types/registry"
)

// logins are the credentials that there are for registries: those of the image's
// inputs for the one that they name, for all others those that the docker command
// has in its file or gets from the helpers that this names.
type logins struct {
	registry string
	given    registrytypes.AuthConfig
	file     *configfile.ConfigFile

	mu    sync.Mutex
	hints map[string]string // what to do where a registry refuses what it got; "" is any
}

// hub is the registry of names without one; hubKey is it in the docker command's file.
const (
	hub    = "docker.io"
	hubKey = "https://index.docker.io/v1/"
)

func newLogins(in image) (*logins, error) {
	file, err := config.Load(os.Getenv(config.EnvOverrideConfigDir))
	if err != nil {
		return nil, fmt.Errorf("reading the docker command's credentials: %w\nhint: mend or move the file", err)
	}
	l := &logins{file: file, hints: map[string]string{}}
	if in.registry.username == "" {
		return l, nil
	}
	named, err := reference.ParseNormalizedNamed(in.imageName)
	if err != nil {
		return nil, fmt.Errorf("looking for the registry of %q: %w", in.imageName, err)
	}
	server := cmp.Or(in.registry.server, reference.Domain(named))
	l.registry = registryOf(server)
	l.given = registrytypes.AuthConfig{Username: in.registry.username, Password: in.registry.password, ServerAddress: server}
	return l, nil
}

// registryOf is a registry as it is in names of images, without what an address of
// it has besides.
func registryOf(address string) string {
	host := credentials.ConvertToHostname(address)
	if host == "index.docker.io" || host == "registry-1.docker.io" {
		return hub
	}
	return host
}

// to returns the credentials for a registry, empty ones where there are none. As
// with the docker command a helper that fails stops nothing: the registry may need
// none.
func (l *logins) to(address string) registrytypes.AuthConfig {
	registry := registryOf(address)
	if registry == l.registry {
		l.keep(registry, fmt.Sprintf("%s refused %q of the image's inputs: look at registry.username and registry.password", registry, l.given.Username))
		return l.given
	}
	found, err := l.file.GetAuthConfig(registry)
	return l.own(registry, registrytypes.AuthConfig(found), err)
}

// own returns what the docker command has for a registry, and keeps what to do where
// that is refused.
func (l *logins) own(registry string, auth registrytypes.AuthConfig, err error) registrytypes.AuthConfig {
	file := l.file.Filename
	switch {
	case err != nil:
		l.keep(registry, fmt.Sprintf("mend or take out the helper that %s names for %s: %v", file, registry, err))
	case auth.Username == "" && auth.IdentityToken == "" && auth.RegistryToken == "":
		l.keep(registry, fmt.Sprintf("%s has no credentials for %s: docker login %[2]s, or registry.username and registry.password of the image", file, registry))
	case auth.Username == "":
		l.keep(registry, fmt.Sprintf("%s refused the token of %s: docker login %[1]s", registry, file))
	default:
		l.keep(registry, fmt.Sprintf("%s refused %q of %s: docker login %[1]s", registry, auth.Username, file))
	}
	return auth
}

// all returns the credentials for every registry that there are some for.
func (l *logins) all() map[string]registrytypes.AuthConfig {
	listed, err := l.file.GetAllCredentials()
	if err != nil {
		l.keep("", fmt.Sprintf("mend or take out the helper that %s names: %v", l.file.Filename, err))
	}
	all := map[string]registrytypes.AuthConfig{}
	for address, found := range listed {
		all[address] = l.own(registryOf(address), registrytypes.AuthConfig(found), nil)
	}
	if l.registry == hub {
		all[hubKey] = l.to(hub)
	} else if l.registry != "" {
		all[l.registry] = l.to(l.registry)
	}
	return all
}

func (l *logins) keep(registry, hint string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hints[registry] = hint
}

// refusals are the words of registries, and of the engine about them, that
// credentials can help against.
var refusals = regexp.MustCompile(`(?i)unauthori[sz]ed|authori[sz]ation|authentication|basic auth|access denied|resource is denied|: denied`)

// hint says on a line of its own, where a registry refused, which credentials it
// got; it is empty for other errors. Some errors leave it to the output before them to
// name the registry.
func (l *logins) hint(err error, output string) string {
	if !refusals.MatchString(err.Error()) {
		return ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var hints []string
	for _, registry := range slices.Sorted(maps.Keys(l.hints)) {
		named := regexp.MustCompile(regexp.QuoteMeta(registry) + `(?:[^\w.:-]|$)`)
		if registry != "" && named.MatchString(err.Error()+output) {
			hints = append(hints, l.hints[registry])
		}
	}
	if len(hints) == 0 {
		hints = []string{cmp.Or(l.hints[""], "docker login to the registry that is named: "+l.file.Filename+" has no credentials for it")}
	}
	return "\nhint: " + strings.Join(hints, "; ")
}
