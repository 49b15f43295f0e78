package config

import (
	"cmp"
	// The hashes of digests: their parser asks whether they are linked.
	_ "crypto/sha256"
	_ "crypto/sha512"
	"errors"
	"fmt"
	"strings"

	"github.com/distribution/reference"
)

func checkRepository(v string) error {
	named, err := parseImage(v)
	switch {
	case err != nil:
		return err
	case !reference.IsNameOnly(named):
		return errors.New("carries a tag or a digest")
	}
	return nil
}

func checkReference(v string) error {
	named, err := parseImage(v)
	switch {
	case err != nil:
		return err
	case reference.IsNameOnly(named):
		return errors.New("has neither a tag nor a digest")
	}
	return nil
}

// CheckRegistry wants a registry, with its port and path where it has them, as the
// first part of an image's name. A name that is no host of its own would be read
// as a folder of Docker Hub's.
func CheckRegistry(v string) error {
	named, err := parseImage(v + "/servicex")
	if err != nil {
		return cmp.Or(checkRepository(v), err)
	}
	if named.String() != v+"/servicex" {
		return fmt.Errorf("is no registry's host: it would be read as %s", named)
	}
	return nil
}

// checkHub wants what Istio's charts make an image of: hub/name:tag. A hub may
// be a registry alone, with its port, which by itself would be a name and a tag.
func checkHub(v string) error {
	_, err := parseImage(v + "/proxyv2")
	if err == nil {
		return nil
	}
	return cmp.Or(checkRepository(v), err)
}

func checkTag(v string) error {
	name, err := reference.WithName("proxyv2")
	if err != nil {
		return fmt.Errorf("naming an image: %w", err)
	}
	if _, err := reference.WithTag(name, v); err != nil {
		return errors.New("is not an image tag")
	}
	return nil
}

// parseImage reads an image's name by the parser of Docker, containerd and the
// kubelet. Its errors, which speak of formats, are told in the user's terms.
func parseImage(v string) (reference.Named, error) {
	named, err := reference.ParseNormalizedNamed(v)
	if err == nil {
		return named, nil
	}
	path, _, digested := strings.Cut(v, "@")
	switch {
	case strings.Contains(v, "://"):
		return nil, errors.New("is a URL; an image name has no scheme")
	case strings.ContainsAny(v, " \t\r\n"):
		return nil, errors.New("has a space in it")
	case errors.Is(err, reference.ErrNameTooLong):
		return nil, fmt.Errorf("is too long: without the registry an image name has at most %d characters", reference.RepositoryNameTotalLengthMax)
	case isUpper(v):
		return nil, errors.New("has upper case letters; an image's name and digest are lower case only")
	case strings.HasPrefix(path, "/") || strings.HasSuffix(path, "/") || strings.Contains(path, "//"):
		return nil, errors.New("has a part that is empty, before or after a slash")
	case digested && valid(path):
		return nil, errors.New("has no valid digest after the @")
	case len(v) == 64 && reference.IdentifierRegexp.MatchString(v):
		return nil, errors.New("is an image's ID; a name is not 64 hexadecimal digits")
	}
	return nil, errors.New("is not an image name")
}

func valid(v string) bool {
	_, err := reference.ParseNormalizedNamed(v)
	return err == nil
}

// isUpper reports whether case alone keeps v from being an image name.
func isUpper(v string) bool {
	lower := strings.ToLower(v)
	return lower != v && valid(lower)
}

// Digest is the digest of an image reference, or "" where it has none.
func Digest(ref string) string {
	_, digest, _ := strings.Cut(ref, "@")
	return digest
}

// Named reports whether the configuration says where the image comes from.
func (i Image) Named() bool { return i.Repository != "" || i.Reference != "" }

// NoImage is the problem of a stack that neither names an image nor is on a
// cluster that says where its registry is.
func NoImage() *Problem {
	return &Problem{
		Key:     Project + ":image.repository",
		Reason:  "is not set, and the cluster names no registry of its own, so there is nowhere to push the ServiceX image to",
		Allowed: "a repository that you can push to and the cluster can pull from; or image.reference, an image that is there already",
		Fix:     command("set", false, "image.repository", "docker.io/YOU/servicex"),
	}
}
