package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/hint"
)

// check is one thing that the machine must offer.
type check struct {
	name string
	// run returns what it found, and an error that says what is missing.
	run func(*Lab, context.Context) (string, error)
	fix string
}

var checks = []check{
	{"Linux", (*Lab).checkLinux, "run it on a machine with an amd64 or arm64 processor"},
	{"root", (*Lab).checkRoot, "run it as root, or use a cluster of your own"},
	{"network", (*Lab).checkNetwork, "leave the lab's shell with `exit`"},
	{"kernel", (*Lab).checkKernel, "run it on a machine that lets root make namespaces, not in an unprivileged container, and whose kernel has the modules named here"},
	{"cgroups", (*Lab).checkCgroups, "mount /sys/fs/cgroup read-write; in a container, run that with a cgroup namespace of its own, as `docker run --privileged --cgroupns=private` does"},
	{"memory", (*Lab).checkMemory, "run it on a larger machine"},
	{"disk", (*Lab).checkDisk, "free some space, or set XDG_CACHE_HOME, XDG_STATE_HOME, GOCACHE, GOMODCACHE or GOTMPDIR to a folder on a larger disk"},
	{"folders", (*Lab).checkFolders, "set XDG_STATE_HOME and XDG_CACHE_HOME to other folders, such as /opt/lab"},
	{"cache", (*Lab).checkCache, "take that lab down, with its XDG_STATE_HOME, or set XDG_CACHE_HOME to another folder"},
	{"ports", func(*Lab, context.Context) (string, error) {
		return "none has to be free: the lab listens in a network of its own, and is reached at others where 6443 and 5000 are taken", nil
	}, ""},
	{"Go", (*Lab).checkGo, "install Go from https://go.dev/dl"},
	{"Debian packages", (*Lab).checkDebian, "install or update them with this machine's own package manager, or use a cluster of your own"},
	{"registries", (*Lab).checkRegistries, "set the tool's proxy or mirror as on any machine in this network; `apt-get update`, `pip config list` and `go env GOPROXY` tell what is set"},
}

func (l *Lab) checkLinux(context.Context) (string, error) {
	f, err := l.host.facts("/")
	if err != nil {
		return "", err
	}
	if !slices.Contains([]string{"amd64", "arm64"}, runtime.GOARCH) {
		return "", fmt.Errorf("there is no Envoy for %s", runtime.GOARCH)
	}
	return f.kernel + ", " + runtime.GOARCH, nil
}

func (l *Lab) checkRoot(context.Context) (string, error) {
	f, err := l.host.facts("/")
	if err == nil && f.user != 0 {
		err = fmt.Errorf("user id is %d; namespaces, mounts and cgroups need 0", f.user)
	}
	return "yes", err
}

func (l *Lab) checkNetwork(context.Context) (string, error) {
	return "this machine's own", insideOfALab()
}

func (l *Lab) checkKernel(ctx context.Context) (string, error) {
	lacks, err := l.host.probe(ctx, []string{nearest(l.State), nearest(l.Cache)})
	if err == nil && len(lacks) > 0 {
		err = fmt.Errorf("it lacks %s", strings.Join(lacks, "; "))
	}
	return "namespaces, bridges, overlay file systems and netfilter work", err
}

func (l *Lab) checkCgroups(context.Context) (string, error) {
	f, err := l.host.facts("/")
	if err = errors.Join(err, f.cgroupError); err == nil {
		err = l.host.tryCgroups()
	}
	return f.cgroups + ", can be made", err
}

func (l *Lab) checkGo(context.Context) (string, error) {
	path, err := exec.LookPath("go")
	return path + ", " + runtime.Version(), err
}

func (l *Lab) checkDebian(ctx context.Context) (string, error) {
	if err := l.builder().Outdated(ctx); err != nil {
		return "", err
	}
	missing := strings.Join(l.builder().MissingPackages(), " ")
	if missing == "" {
		return "there", nil
	}
	if err := l.builder().Interrupted(); err != nil {
		return "", err
	}
	switch {
	case l.Machine.Look("apt-get") == "":
		return "", fmt.Errorf("there is no apt-get to install what is missing: %s", missing)
	}
	return "will be installed: " + missing, nil
}

func (l *Lab) checkRegistries(ctx context.Context) (string, error) {
	needs, err := l.builder().Needs(ctx)
	if err != nil {
		return "", err
	}
	if len(needs) == 0 {
		return "not needed, all is in the cache", nil
	}
	var says []string
	for _, tool := range []string{"apt-get", "pip", "go"} {
		if what := needs[tool]; len(what) > 0 {
			says = append(says, tool+" for "+strings.Join(what, " "))
		}
	}
	return "within reach: " + strings.Join(says, "; "), l.builder().Reach(ctx, needs)
}

// nearest is path or the closest folder above it that exists.
func nearest(path string) string {
	for !exists(path) && path != filepath.Dir(path) {
		path = filepath.Dir(path)
	}
	return path
}

// Finding is the outcome of one check.
type Finding struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Says string `json:"says"`          // what is there, or what is missing
	Fix  string `json:"fix,omitempty"` // what to do where it is not OK
}

// Check looks whether this machine can run a lab. It changes nothing.
func (l *Lab) Check(ctx context.Context) []Finding {
	var findings []Finding
	for _, c := range checks {
		says, err := c.run(l, ctx)
		if err != nil {
			findings = append(findings, Finding{Name: c.name, Says: err.Error(), Fix: c.fix})
			continue
		}
		findings = append(findings, Finding{Name: c.name, OK: true, Says: says})
	}
	return findings
}

// Missing joins what was not OK to one error, nil where all was.
func Missing(findings []Finding) error {
	var missing []error
	for _, f := range findings {
		if !f.OK {
			missing = append(missing, fmt.Errorf("%s: %s", f.Name, f.Says))
		}
	}
	return errors.Join(missing...)
}

// fixes are what to do about what was not OK.
func fixes(findings []Finding) []string {
	var all []string
	for _, f := range findings {
		if f.Fix != "" {
			all = append(all, f.Fix)
		}
	}
	return all
}

// WriteFindings prints a line for each finding, and where something is missing,
// how to do without a lab.
func WriteFindings(w io.Writer, findings []Finding) {
	for _, f := range findings {
		mark, says := "ok  ", strings.ReplaceAll(f.Says, "\n", "\n"+strings.Repeat(" ", 23))
		if !f.OK {
			mark = "FAIL"
		}
		fmt.Fprintf(w, "%s  %-15s  %s\n", mark, f.Name, says)
		if f.Fix != "" {
			fmt.Fprintf(w, "%23s%s\n", "", f.Fix)
		}
	}
	if Missing(findings) != nil {
		fmt.Fprintf(w, "\nThis machine cannot run the lab as it is. %s", OwnCluster)
	}
}

func (l *Lab) checkMachine(ctx context.Context) error {
	findings := l.Check(ctx)
	WriteFindings(l.log, findings)
	what := "`go run ./lab check` tells what to do, also with a cluster of your own"
	if fixes := fixes(findings); len(fixes) == 1 {
		what = fixes[0] + "; " + what
	}
	return hint.With(Missing(findings), what)
}
