package parts

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/runner"
	"istio-circuit-breaker/internal/wait"
)

// aptLimit is how long another package manager is waited for, such as the
// unattended upgrades of a machine that has just been made.
const aptLimit = 10 * time.Minute

// aptOptions: dpkg's lock is waited for by apt itself, as long as each try of
// the locks that apt does not wait for; a configuration file that was changed by
// hand stays as it is, where dpkg would ask.
var aptOptions = []string{"-o", "DPkg::Lock::Timeout=60", "-o", "Dpkg::Options::=--force-confold"}

// aptEnvironment: nobody is asked, no service of this machine is restarted, and
// messages are those that are looked for below.
var aptEnvironment = []string{"DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_SUSPEND=1", "LC_ALL=C"}

// What apt says where another one runs, and where one was stopped half-way.
var (
	locked      = regexp.MustCompile(`(?m)^E: (Could not get lock|Unable to (acquire|lock))`)
	interrupted = "dpkg --configure -a"
)

var installArgs = []string{"install", "-y", "--no-install-recommends", "--no-remove"}

// install fetches packages, and then installs them in a command that is not
// stopped half-way: dpkg's database would have to be mended by hand.
func (b Builder) install(ctx context.Context, packages []string) error {
	args := append(slices.Clone(installArgs), packages...)
	if err := b.apt(ctx, false, slices.Insert(slices.Clone(args), 1, "--download-only")...); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() {
		b.Note("waiting for apt-get to end, which does harm when it is stopped half-way")
	})()
	if err := b.apt(ctx, true, args...); err != nil {
		return err
	}
	return ctx.Err() // stopped meanwhile
}

// apt runs apt-get, and again where another package manager runs.
func (b Builder) apt(ctx context.Context, whole bool, args ...string) error {
	args = append(append([]string{"apt-get"}, aptOptions...), args...)
	var failed error
	err := wait.For(ctx, "another package manager to end", aptLimit, 2*time.Second, func(context.Context) error {
		// With the outer context: this limit is for the wait, not for the work.
		_, failed = b.Runner.Run(ctx, runner.Command{Args: args, Env: aptEnvironment, Log: b.Log, Whole: whole})
		if says, ok := errors.AsType[*runner.Error](failed); ok && ctx.Err() == nil && locked.MatchString(says.Output) {
			b.Note("waiting for another package manager to end")
			return failed
		}
		return nil
	})
	if err == nil {
		err = failed
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	what := "run `" + runner.Quote(args) + "` by hand and see what it says"
	if says, ok := errors.AsType[*runner.Error](err); ok && strings.Contains(says.Output, interrupted) {
		what = "mend what was stopped half-way with `" + interrupted + "`, then run `go run ./lab up`"
	}
	return hint.With(fmt.Errorf("installing Debian packages: %w", err), what)
}

// Interrupted says whether dpkg was stopped half-way: it installs nothing then.
func (b Builder) Interrupted() error {
	left, err := filepath.Glob(filepath.Join(b.Root, "/var/lib/dpkg/updates/[0-9]*"))
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("dpkg was stopped half-way; `%s` mends that", interrupted)
	}
	return err
}
