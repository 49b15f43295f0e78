package lab

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/lab/node"
	"istio-circuit-breaker/internal/lab/parts"
	"istio-circuit-breaker/internal/lab/sandbox"
	"istio-circuit-breaker/internal/runner"
)

// DryRun writes what Up would run on this machine, as a script: what is to be
// installed and built, and of each node its files, network, mounts and daemons.
// It changes nothing. The script is there to be read. What has no command is a
// comment: keys are made, daemons are kept running, and waited for, by the lab.
func (l *Lab) DryRun(ctx context.Context, w io.Writer) error {
	if err := l.find(); err != nil {
		return err
	}
	if err := l.keepShape(); err != nil {
		return err
	}
	planned, err := l.builder().Plan(ctx)
	if err != nil {
		return err
	}
	for _, p := range planned {
		l.folders[p.Name] = p.Folder
	}
	s := script{w: w}
	s.line("#!/bin/sh")
	s.comment("What `lab up` would run. It is there to be read: the lab waits between the commands, and starts daemons that end again.")
	if err := l.commentOnRunning(&s); err != nil {
		return err
	}
	s.title("Debian packages")
	if missing := l.builder().MissingPackages(); len(missing) > 0 {
		s.command(parts.InstallArgs(missing))
	} else {
		s.comment("All are there.")
	}
	s.title("Parts")
	for _, p := range planned {
		if p.Build == nil {
			s.comment(fmt.Sprintf("%s: nothing to do, see %s", p.Name, p.Folder))
			continue
		}
		s.build(*p.Build)
	}
	nodes := l.nodePaths().Nodes()
	plans := []sandbox.Plan{l.firstPlan(nodes, l.binary())}
	args := l.superviseArgs()
	for i, n := range nodes {
		if i > 0 {
			plans = append(plans, l.plan(n))
			args = l.nodeArgs(n.Name)
		}
		s.node(n, plans[i], append([]string{l.binary()}, args...), l.cgroup())
	}
	return s.err
}

// commentOnRunning says what becomes of a lab that is there.
func (l *Lab) commentOnRunning(s *script) error {
	if l.lacks() != nil {
		return nil
	}
	made, err := l.fingerprint()
	switch same := l.isMadeOf(made); {
	case err != nil:
		return err
	case l.runs() && same:
		s.comment("The lab runs, and is made of all this: it would stay as it is.")
	case l.runs():
		s.comment("The lab runs, and is made of something else: it would be taken down first.")
	case same:
		s.comment("There is a lab that has ended, and is made of all this: it would go on, with its keys, database and pods.")
	default:
		s.comment("There is a lab that has ended, and is made of something else: it would be removed first.")
	}
	return nil
}

// script writes commands of a shell. Its first error ends it.
type script struct {
	w        io.Writer
	err      error
	exported []string // variables, for all that follows
}

func (s *script) line(format string, args ...any) {
	if s.err == nil {
		_, s.err = fmt.Fprintf(s.w, format+"\n", args...)
	}
}

func (s *script) comment(text string) { s.line("# %s", text) }
func (s *script) title(text string)   { s.line("\n### %s", text) }

// command writes a command, one of its options a line.
func (s *script) command(args []string) { s.line("%s", quoted(args)) }

func quoted(args []string) string {
	text := ""
	for i, a := range args {
		switch {
		case i > 0 && strings.HasPrefix(a, "-"):
			text += " \\\n    "
		case i > 0:
			text += " "
		}
		text += runner.Quote([]string{a})
	}
	return text
}

// build writes how a part is made. Parts that are compiled have one environment.
func (s *script) build(c runner.Command) {
	if c.Dir == "" {
		s.line("%s %s", runner.Quote(c.Env), runner.Quote(c.Args))
		return
	}
	if !slices.Equal(c.Env, s.exported) {
		s.exported = c.Env
		for _, variable := range c.Env {
			s.line("export %s", runner.Quote([]string{variable}))
		}
	}
	s.line("(cd %s && %s)", runner.Quote([]string{c.Dir}), quoted(c.Args))
}

// node writes how one node is made and run.
func (s *script) node(n node.Node, plan sandbox.Plan, supervise []string, cgroup string) {
	s.title("Node " + n.Name)
	if n.Name == node.Name {
		s.comment("The keys of all nodes are made first. They are not shown.")
	} else {
		cgroup = filepath.Join(cgroup, n.Name)
	}
	for _, file := range slices.Sorted(maps.Keys(n.Files)) {
		s.line("cat > %s <<'END'\n%sEND", runner.Quote([]string{file}), n.Files[file])
	}
	s.comment("Its pods are in the cgroup " + cgroup + ".")
	s.comment("The first process of its namespaces; all that follows is done by that.")
	s.line("%s", runner.Quote(append(strings.Fields("unshare --fork --pid --mount --net --ipc"), supervise...)))
	s.line("mount --make-rprivate /\nmount --make-rshared /\nmount -t proc -o nosuid,nodev,noexec proc /proc")
	s.comment("Settings of the kernel's that a kubelet insists on are covered by files in " + plan.Masks + ".")
	for _, place := range slices.Sorted(maps.Keys(plan.Binds)) {
		s.line("mount --bind %s", runner.Quote([]string{plan.Binds[place], place}))
	}
	for _, place := range plan.Tmpfs {
		s.line("mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs %s", runner.Quote([]string{place}))
	}
	for _, command := range plan.Network.Commands() {
		s.line("%s", runner.Quote(command))
	}
	s.line("echo 1 > /proc/sys/net/ipv4/ip_forward")
	for _, d := range plan.Daemons {
		if d.Within != nil {
			s.comment("Node " + d.Name + " is joined to this network, and run as is told below.")
			for _, command := range d.Within.Commands("PID_OF_" + d.Name) {
				s.line("%s", runner.Quote(command))
			}
			continue
		}
		s.line("%s \\\n    >> %s 2>&1 &", strings.TrimSpace(runner.Quote(d.Env)+" "+quoted(d.Args)), runner.Quote([]string{d.Log}))
	}
}
