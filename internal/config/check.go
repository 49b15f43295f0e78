package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/blang/semver"
	"k8s.io/apimachinery/pkg/util/validation"
)

// checkNamespace takes what the API server takes, but for namespaces where Istio
// never injects a sidecar (istio/istio pkg/kube/inject/initializer.go,
// IgnoredNamespaces) or keeps its own parts.
func checkNamespace(v string) error {
	switch v {
	case "kube-system", "kube-public", "kube-node-lease", "local-path-storage":
		return errors.New("is a namespace in which Istio injects no sidecars")
	case "istio-system":
		return errors.New("is the mesh's own namespace")
	}
	return checkLabel(v, "a namespace's name")
}

// CheckDomain wants a DNS domain in lower case, without a dot at its end.
func CheckDomain(v string) error {
	switch lower := strings.ToLower(v); {
	case len(validation.IsDNS1123Subdomain(v)) == 0:
		return nil
	case strings.HasSuffix(v, ".") && CheckDomain(strings.TrimSuffix(v, ".")) == nil:
		return errors.New("ends with a dot; leave it out")
	case lower != v && CheckDomain(lower) == nil:
		return errors.New("has upper case letters; a domain is lower case only")
	}
	return errors.New("is no DNS domain")
}

// checkRevision: istiod's Service is named after its revision.
func checkRevision(v string) error { return checkLabel(v, "a revision's name") }

// checkLabel wants a label of RFC 1123 by Kubernetes' own validation, and tells
// the user, who knows of no labels, what is wrong with it as a what.
func checkLabel(v, what string) error {
	switch lower := strings.ToLower(v); {
	case len(validation.IsDNS1123Label(v)) == 0:
		return nil
	case len(v) > validation.DNS1123LabelMaxLength:
		return fmt.Errorf("is %d characters long", len(v))
	case lower != v && len(validation.IsDNS1123Label(lower)) == 0:
		return fmt.Errorf("has upper case letters; %s is lower case only", what)
	case strings.HasPrefix(v, "-") || strings.HasSuffix(v, "-"):
		return fmt.Errorf("begins or ends with -, which %s does not", what)
	}
	return fmt.Errorf("is not %s", what)
}

// checkOwner takes what can be the value of a label.
func checkOwner(v string) error {
	if len(validation.IsValidLabelValue(v)) > 0 {
		return errors.New("is nothing that a label can hold")
	}
	return nil
}

// checkVersion wants one version: with a range or "latest" the same program
// would install another mesh tomorrow.
func checkVersion(v string) error {
	if _, err := semver.Parse(v); err == nil {
		return nil
	}
	if rest, ok := strings.CutPrefix(v, "v"); ok && checkVersion(rest) == nil {
		return fmt.Errorf("starts with v; write %s", rest)
	}
	return errors.New("is not one exact version")
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
