package lab

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"istio-circuit-breaker/internal/hint"
)

// Layout is where the lab keeps what it makes.
type Layout struct {
	// Source is the checkout whose lab/parts are built and whose program is run.
	Source string
	// Cache holds what is worth keeping between labs and clones: binaries keyed
	// by content, the registry's blobs, the Docker engine's images.
	Cache string
	// State holds one lab's life: sockets, keys, logs, etcd, the Pulumi backend.
	// `lab down` removes it.
	State string
}

// DefaultLayout is found from the working directory and the user's XDG folders.
func DefaultLayout() (Layout, error) {
	source, err := findSource()
	if err != nil {
		return Layout{}, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return Layout{}, fmt.Errorf("finding the user's cache folder: %w", err)
	}
	state := os.Getenv("XDG_STATE_HOME")
	if state == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return Layout{}, fmt.Errorf("finding the user's home folder: %w", err)
		}
		state = filepath.Join(home, ".local", "state")
	}
	l := Layout{
		Source: source,
		Cache:  filepath.Join(cache, "istio-circuit-breaker"),
		State:  filepath.Join(state, "istio-circuit-breaker-lab"),
	}
	return l, l.valid()
}

// valid refuses what no command of the lab could work with, `lab down` least of
// all, which removes State.
func (l Layout) valid() error {
	if !filepath.IsAbs(l.State) || !filepath.IsAbs(l.Cache) {
		return hint.With(fmt.Errorf("finding the lab's folders: neither %q nor %q may be relative", l.State, l.Cache),
			"set XDG_STATE_HOME, XDG_CACHE_HOME and HOME to absolute paths, or unset the first two")
	}
	for _, kept := range []string{l.Source, l.Cache} {
		if within(kept, l.State) {
			return hint.With(fmt.Errorf("finding the lab's folders: %q is in the state folder %q, which `lab down` removes", kept, l.State),
				"set XDG_STATE_HOME to another folder")
		}
	}
	return nil
}

// within says whether path is folder or below it.
func within(path, folder string) bool {
	return strings.HasPrefix(path+"/", filepath.Clean(folder)+"/")
}

// findSource walks up from the working directory to the folder that holds the
// project: the one with both Pulumi.yaml and lab/parts.
func findSource() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the working directory: %w", err)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if exists(filepath.Join(dir, "Pulumi.yaml")) && exists(filepath.Join(dir, "lab", "parts")) {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("finding the project's folder: neither %q nor a folder above it holds Pulumi.yaml and lab/parts", start)
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Names and paths below State, and below Cache for what outlives a lab.

func (l Layout) bin() string         { return filepath.Join(l.State, "bin") }
func (l Layout) logs() string        { return filepath.Join(l.State, "log") }
func (l Layout) log(n string) string { return filepath.Join(l.logs(), n+".log") }
func (l Layout) pki(n string) string { return filepath.Join(l.State, "pki", n) }
func (l Layout) etc(n string) string { return filepath.Join(l.State, "etc", n) }
func (l Layout) varLib() string      { return filepath.Join(l.State, "var-lib") }
func (l Layout) daemons() string     { return filepath.Join(l.State, "daemons.json") }
func (l Layout) supervisor() string  { return filepath.Join(l.State, "supervisor.pid") }
func (l Layout) charts() string      { return filepath.Join(l.State, "charts") }
func (l Layout) reach() string       { return filepath.Join(l.State, "reach.json") }
func (l Layout) failing() string     { return filepath.Join(l.State, "failing.json") }
func (l Layout) madeOf() string      { return filepath.Join(l.State, "made-of") }
func (l Layout) stacks() string      { return filepath.Join(l.State, "stacks") }
func (l Layout) dockerConf() string  { return filepath.Join(l.State, "docker-client") }

// Kubeconfig is the file that KUBECONFIG names inside the lab.
func (l Layout) Kubeconfig() string { return filepath.Join(l.State, "kubeconfig") }

func (l Layout) dockerSocket() string     { return filepath.Join(l.State, "docker.sock") }
func (l Layout) containerdSocket() string { return filepath.Join(l.State, "containerd.sock") }
func (l Layout) parts() string            { return filepath.Join(l.Cache, "parts") }
func (l Layout) registry() string         { return filepath.Join(l.Cache, "registry") }
func (l Layout) docker() string           { return filepath.Join(l.Cache, "docker") }

// cgroup is the name of the lab's cgroups, which differs from that of another
// user's lab.
func (l Layout) cgroup() string {
	return fmt.Sprintf("istio-circuit-breaker-lab-%x", sha256.Sum256([]byte(l.State)))[:len("istio-circuit-breaker-lab-")+8]
}

// lock lies beside State, because State goes away while it is held.
func (l Layout) lock() string { return l.State + ".lock" }

// cacheLock is held by a lab as long as it runs: of what is in the cache, its
// registry's and its Docker engine's data have one user at a time.
func (l Layout) cacheLock() string { return filepath.Join(l.Cache, "lab.lock") }
