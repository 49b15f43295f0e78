package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/lab/parts"
	"istio-circuit-breaker/internal/runner"
)

// check is one thing that the machine must offer.
type check struct {
	name string
	// run returns what it found, and an error that says what is missing.
	run func(context.Context, *Lab) (string, error)
	fix string
}

// What a lab takes: 2.5 GB with mesh and demo were measured; builds need more
// than running it, 24 GB of disk from nothing.
const (
	minMemory   = 4 << 30
	minDiskCold = 25 << 30
	minDiskWarm = 4 << 30
)

var checks = []check{
	{"root", func(context.Context, *Lab) (string, error) {
		if uid := os.Geteuid(); uid != 0 {
			return "", fmt.Errorf("user id is %d; namespaces, mounts and cgroups need 0", uid)
		}
		return "yes", nil
	}, "run it as root, or use a cluster of your own"},
	{"namespaces", func(ctx context.Context, l *Lab) (string, error) {
		_, err := l.Runner.Run(ctx, runner.Command{Args: []string{"unshare", "--net", "--mount", "--pid", "--ipc", "--fork", "true"}})
		return "can be made", err
	}, "run it on a machine that lets root make namespaces, not in an unprivileged container"},
	{"cgroups", func(context.Context, *Lab) (string, error) {
		file := "/sys/fs/cgroup"
		if err := unix.Access(file, unix.W_OK); err != nil {
			return "", fmt.Errorf("%s cannot be written to: %w", file, err)
		}
		return "can be made", nil
	}, "mount /sys/fs/cgroup read-write"},
	{"memory", func(context.Context, *Lab) (string, error) {
		var info unix.Sysinfo_t
		if err := unix.Sysinfo(&info); err != nil {
			return "", err
		}
		return atLeast(uint64(info.Totalram)*uint64(info.Unit), minMemory)
	}, "run it on a larger machine"},
	{"disk", func(_ context.Context, l *Lab) (string, error) {
		var fs unix.Statfs_t
		if err := unix.Statfs(nearest(l.Cache), &fs); err != nil {
			return "", err
		}
		need := uint64(minDiskCold)
		if built, _ := filepath.Glob(filepath.Join(l.Layout.parts(), "cluster-*")); len(built) > 0 {
			need = minDiskWarm
		}
		return atLeast(fs.Bavail*uint64(fs.Bsize), need)
	}, "free some space, or set XDG_CACHE_HOME to a larger disk"},
	{"Go", func(context.Context, *Lab) (string, error) { return exec.LookPath("go") }, "install Go from https://go.dev/dl"},
	{"Debian packages", func(context.Context, *Lab) (string, error) {
		missing := parts.MissingPackages()
		if len(missing) == 0 {
			return "there", nil
		}
		return "will be installed: " + strings.Join(missing, " "), aptGet()
	}, "install them with this machine's own package manager, or use a cluster of your own"},
}

func aptGet() error {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("packages are missing and there is no apt-get to install them: %s", strings.Join(parts.MissingPackages(), " "))
	}
	return nil
}

func atLeast(have, need uint64) (string, error) {
	says := fmt.Sprintf("%.1f GB, %.1f GB needed", float64(have)/(1<<30), float64(need)/(1<<30))
	if have < need {
		return "", errors.New("only " + says)
	}
	return says, nil
}

// nearest is path or the closest folder above it that exists.
func nearest(path string) string {
	for !exists(path) && path != filepath.Dir(path) {
		path = filepath.Dir(path)
	}
	return path
}

// Check runs every check and prints a line for each. The error joins all that
// failed.
func (l *Lab) Check(ctx context.Context, w io.Writer) error {
	var failed []error
	for _, c := range checks {
		says, err := c.run(ctx, l)
		if err != nil {
			fmt.Fprintf(w, "FAIL  %-16s %v\n      %-16s %s\n", c.name, err, "", c.fix)
			failed = append(failed, fmt.Errorf("checking %s: %w", c.name, err))
			continue
		}
		fmt.Fprintf(w, "ok    %-16s %s\n", c.name, says)
	}
	return errors.Join(failed...)
}

func (l *Lab) checkMachine(ctx context.Context) error {
	if err := l.Check(ctx, l.log); err != nil {
		return hint.With(err, "run `go run ./lab check`; with a cluster of your own no lab is needed: make demo KUBE_CONTEXT=name")
	}
	return nil
}
