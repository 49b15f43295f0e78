package lab

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
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
	return Layout{
		Source: source,
		Cache:  filepath.Join(cache, "istio-circuit-breaker"),
		State:  filepath.Join(state, "istio-circuit-breaker-lab"),
	}, nil
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
