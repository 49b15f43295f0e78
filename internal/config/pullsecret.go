package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"k8s.io/apimachinery/pkg/util/validation"
)

// PullSecret says with what the nodes pull the image from a private registry: a
// Secret that is there, by its name, or the credentials of which one is made.
type PullSecret struct {
	Name string
	// Server is the registry that the credentials are for; empty: the image's.
	Server, Username, Password string
}

// Made reports whether the Secret is made of credentials.
func (p PullSecret) Made() bool { return p.Username != "" }

// dockerHub is the name of Docker Hub in a list of credentials: the one that all
// of Docker, containerd and the kubelet look for.
const dockerHub = "https://index.docker.io/v1/"

// RegistryOf is the registry of an image's name, as a list of credentials has it.
func RegistryOf(image string) string {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return "" // of no setting that was accepted
	}
	return credentialServer(reference.Domain(named))
}

// credentialServer is a server as it was written, or Docker Hub's own name.
func credentialServer(v string) string {
	if slices.Contains([]string{"docker.io", "index.docker.io", "registry-1.docker.io"}, bareServer(v)) {
		return dockerHub
	}
	return bareServer(v)
}

// bareServer is a server without the scheme and the version of the registry's
// protocol, which people copy from a docker login.
func bareServer(v string) string {
	for _, scheme := range []string{"https://", "http://"} {
		v = strings.TrimPrefix(v, scheme)
	}
	v = strings.TrimSuffix(v, "/")
	for _, version := range []string{"/v1", "/v2"} {
		v = strings.TrimSuffix(v, version)
	}
	return v
}

func checkServer(v string) error {
	if credentialServer(v) == dockerHub {
		return nil
	}
	return CheckRegistry(bareServer(v))
}

// checkUsername: what stands before the colon that separates it from the password.
func checkUsername(v string) error {
	if strings.Contains(v, ":") {
		return errors.New("has a colon in it, which ends a user's name")
	}
	return nil
}

func checkSecretName(v string) error {
	if len(validation.IsDNS1123Subdomain(v)) == 0 {
		return nil
	}
	if lower := strings.ToLower(v); lower != v && len(validation.IsDNS1123Subdomain(lower)) == 0 {
		return errors.New("has upper case letters; a Secret's name is lower case only")
	}
	return errors.New("is not a Secret's name")
}

// pullProblems checks the settings of the pull secret against each other.
func (d *draft) pullProblems(found map[string]place, broken map[string]bool) []*Problem {
	var problems []*Problem
	add := func(name, reason, allowed, fix string) {
		problems = append(problems, &Problem{Project + ":" + name, "", reason, allowed, fix})
	}
	set := func(name string) bool { _, ok := found[name]; return ok }
	rm := func(name string) string { return command("rm", found[name].nested, name) }

	for _, name := range []string{pullServer, pullUsername, pullPassword} {
		if set(pullName) && set(name) {
			add(name, "is for a Secret that is made, but "+pullName+" names one that is there", "one of both", rm(pullName)+", or "+rm(name))
		}
	}
	if at := found[pullPassword]; set(pullPassword) && !broken[pullPassword] && !at.secret {
		add(pullPassword, "is set in plain text, which the stack file keeps", "a secret", command("set --secret", at.nested, pullPassword))
	}
	other := map[string]string{pullUsername: pullPassword, pullPassword: pullUsername}
	for _, name := range []string{pullUsername, pullPassword} {
		if set(name) && !set(other[name]) {
			add(other[name], fmt.Sprintf("is not set, but %s is", name), "both or neither", setCredential(other[name])+", or "+rm(name))
		}
	}
	if set(pullServer) && !set(pullUsername) && !set(pullPassword) {
		add(pullServer, "is set without the credentials that it takes", pullUsername+" and "+pullPassword+" with it",
			setCredential(pullUsername)+" && "+setCredential(pullPassword))
	}
	return problems
}

func setCredential(name string) string {
	if name == pullPassword {
		return command("set --secret", false, name) // which asks for it
	}
	return command("set", false, name, "YOU")
}
