package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Grammar of image names, by the published one of the distribution project
// (distribution/reference, package documentation), with which Docker and
// containerd read names.
const (
	part      = `[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*`
	label     = `(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])`
	host      = `(?:` + label + `(?:\.` + label + `)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?`
	name      = `(?:` + host + `/)?` + part + `(?:/` + part + `)*`
	tag       = `[\w][\w.-]{0,127}`
	digest    = `sha256:[a-f0-9]{64}`
	maxName   = 255
	reference = `(` + name + `)(?::(` + tag + `))?(?:@(` + digest + `))?`
)

// patterns are compiled where they are used: once for each configuration read.
func matches(pattern, v string) bool {
	return regexp.MustCompile(`^(?:` + pattern + `)$`).MatchString(v)
}

// checkNamespace follows RFC 1123 labels, as the API server does, and refuses
// namespaces where Istio never injects a sidecar (istio/istio
// pkg/kube/inject/inject.go, IgnoredNamespaces) or keeps its own parts.
func checkNamespace(v string) error {
	switch {
	case len(v) > 63:
		return fmt.Errorf("is %d characters long", len(v))
	case !matches(`[a-z0-9](?:[-a-z0-9]*[a-z0-9])?`, v):
		return errors.New("is not a namespace's name")
	case strings.HasPrefix(v, "kube-"), v == "local-path-storage":
		return errors.New("is a namespace in which Istio injects no sidecars")
	case v == "istio-system":
		return errors.New("is the mesh's own namespace")
	}
	return nil
}

func checkLabel(v string) error {
	if len(v) > 63 || !matches(`[a-z0-9](?:[-a-z0-9]*[a-z0-9])?`, v) {
		return errors.New("is not a revision's name")
	}
	return nil
}

func checkBalancer(v string) error {
	if !slices.Contains([]string{"ROUND_ROBIN", "LEAST_REQUEST", "RANDOM", "mesh"}, v) {
		return errors.New("is no load balancer of Istio's")
	}
	return nil
}

func checkRepository(v string) error {
	switch {
	case len(v) > maxName:
		return fmt.Errorf("is %d characters long, of at most %d", len(v), maxName)
	case matches(name, v):
		return nil
	case matches(reference, v):
		return errors.New("carries a tag or a digest")
	}
	return errors.New("is not an image name")
}

func checkReference(v string) error {
	m := regexp.MustCompile(`^` + reference + `$`).FindStringSubmatch(v)
	switch {
	case m == nil:
		return errors.New("is not an image name")
	case len(m[1]) > maxName:
		return fmt.Errorf("has a name of %d characters, of at most %d", len(m[1]), maxName)
	case m[2] == "" && m[3] == "":
		return errors.New("has neither a tag nor a digest")
	}
	return nil
}

// Digest is the digest of an image reference, or "" where it has none.
func Digest(ref string) string {
	_, digest, _ := strings.Cut(ref, "@")
	return digest
}

func checkPlatform(v string) error {
	if v != "linux/amd64" && v != "linux/arm64" {
		return errors.New("is not a platform that the image is built for")
	}
	return nil
}

// checkVersion wants one version: with a range or "latest" the same program
// would install another mesh tomorrow.
func checkVersion(v string) error {
	if !matches(`[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?`, v) {
		return errors.New("is not one exact version")
	}
	return nil
}

func checkTag(v string) error {
	if !matches(tag, v) {
		return errors.New("is not an image tag")
	}
	return nil
}

// checkCharts looks at the form only; whether a folder holds the charts is for
// those who read it.
func checkCharts(v string) error {
	scheme, _, isURL := strings.Cut(v, "://")
	if !isURL {
		return nil
	}
	u, err := url.Parse(v)
	if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", "oci"}, scheme) {
		return errors.New("is neither an http(s) or oci URL nor a folder")
	}
	return nil
}
