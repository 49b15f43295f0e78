package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"istio-circuit-breaker/internal/lab/node"
	"istio-circuit-breaker/internal/runner"
)

// Status is what `lab status` tells.
type Status struct {
	Running bool   `json:"running"`
	PID     int    `json:"pid,omitempty"` // of the supervisor
	State   string `json:"state"`         // folder
	Cache   string `json:"cache"`         // folder
	Parts   []Part `json:"parts,omitempty"`
	// Reach is what this machine reaches, and where.
	Reach []Reach `json:"reach,omitempty"`
	// Left is what is there of a lab that does not run; empty after `lab down`.
	Left []string `json:"left,omitempty"`
	// Resumable says that a lab does not run, and Up goes on with it, unless what it is
	// made of has changed.
	Resumable bool `json:"resumable,omitempty"`
}

// Part is one thing that has to answer.
type Part struct {
	Name  string `json:"name"`
	Works bool   `json:"works"`
	Says  string `json:"says"`
}

// answersIn is how long the API server has to answer: without its database it
// takes a minute for each question.
const answersIn = "--request-timeout=5s"

// Status asks every part of a running lab whether it answers, and looks for
// what is left of one that does not run.
func (l *Lab) Status(ctx context.Context) (Status, error) {
	s := Status{State: l.State, Cache: l.Cache}
	if err := l.find(); err != nil {
		return s, err
	}
	if l.box == nil {
		left, err := l.left()
		s.Left, s.Resumable = left, l.lacks() == nil
		return s, err
	}
	s.Running, s.PID = true, l.box.Process()
	if err := l.keepShape(); err != nil {
		return s, err
	}
	add := func(name, says string, err error) {
		if err != nil {
			says = err.Error()
		}
		s.Parts = append(s.Parts, Part{name, err == nil, strings.TrimSpace(says)})
	}
	// First, because it may take time, after which more is known of what ends.
	ready, errReady := l.kubectl(ctx, "get", "--raw", "/readyz", answersIn)
	add("registry", "answers at "+node.Registry, l.registryAnswers())
	add("docker engine", "answers at "+l.dockerSocket(), l.dockerAnswers())
	failing, err := l.failingDaemons()
	for _, f := range failing {
		add(f.Name, "", fmt.Errorf("ends again and again, %d times by now, the last time with %q, see %s", f.Ends, f.Exit, f.Log))
	}
	if err != nil {
		add("daemons", "", err)
	}
	if err := l.lacking(l.each(leastRoom)); err != nil {
		add("disk", "", fmt.Errorf("%w: make room there, and the lab goes on by itself", err))
	}
	add("API server", ready, errReady)
	if errReady == nil { // else there is nobody to tell
		l.statusOfNodes(ctx, add)
		add("services", "the API server's answers at "+service, l.answers(service)(ctx))
		out, err := l.kubectl(ctx, "get", "pods", "--all-namespaces", "--no-headers", "--ignore-not-found", answersIn)
		add("pods", fmt.Sprintf("%d", strings.Count(out, "\n")), err)
	}
	reaches, err := l.reaches()
	if err != nil {
		add("this machine", "", err)
		return s, nil
	}
	if errReady == nil {
		add("this machine", "reaches the API server", l.answersOutside(ctx, reaches[0].Address))
	}
	opened, err := l.opened()
	s.Reach = append(reaches, opened...)
	return s, err
}

// statusOfNodes adds a part for each node.
func (l *Lab) statusOfNodes(ctx context.Context, add func(name, says string, err error)) {
	ask := []string{"get", "nodes", "--no-headers", answersIn}
	if l.Shape.Zones > 0 {
		ask = append(ask, "--label-columns=topology.kubernetes.io/zone")
	}
	out, err := l.kubectl(ctx, ask...)
	if err != nil {
		add("node", "", err)
		return
	}
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		var err error
		switch {
		case exists(l.nodeFile(fields[0], "off")):
			err = fmt.Errorf("%s was killed; `go run ./lab node start %s` starts it", fields[0], fields[0])
		case len(fields) > 1 && !strings.HasPrefix(fields[1], "Ready"):
			err = errors.New(strings.Join(fields, " "))
		}
		add("node", strings.Join(fields, " "), err)
	}
}

// answersOutside asks the API server at its address on this machine.
func (l *Lab) answersOutside(ctx context.Context, address string) error {
	_, err := l.Runner.Run(ctx, runner.Command{
		Args: l.box.Leave(filepath.Join(l.bin(), "kubectl"), "--server=https://"+address, "get", "--raw", "/readyz", answersIn),
		Env:  l.kubectlEnvironment(), Log: l.log,
	})
	return err
}

// Works says whether the lab runs and every part of it answers.
func (s Status) Works() bool {
	return s.Running && !slices.ContainsFunc(s.Parts, func(p Part) bool { return !p.Works })
}

// left lists what is there of a lab: processes, cgroups, files. The cache does
// not count.
func (l *Lab) left() ([]string, error) {
	var left []string
	running, err := l.host.find(l.supervisor(), l.superviseArgs())
	for _, b := range running {
		left = append(left, fmt.Sprintf("process %d, the supervisor", b.Process()))
	}
	inside, errInside := l.host.marked(l.mark())
	for _, pid := range inside {
		left = append(left, fmt.Sprintf("process %d, run by `lab exec`", pid))
	}
	cgroups, errCgroups := l.host.cgroups(l.cgroup())
	for _, dir := range cgroups {
		left = append(left, "cgroup "+dir)
	}
	mounts, errMounts := mountsBelow(l.State)
	for _, dir := range mounts {
		left = append(left, "mount "+dir)
	}
	for _, file := range append([]string{l.State}, l.stackFiles()...) {
		if exists(file) {
			left = append(left, file)
		}
	}
	if l.Machine.PolicyLeft() {
		left = append(left, "the policy that keeps new daemons from being started")
	}
	return left, errors.Join(err, errInside, errCgroups, errMounts)
}

// Write prints s as a table.
func (s Status) Write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if s.Running {
		fmt.Fprintf(t, "lab\trunning, supervisor is process %d\n", s.PID)
	} else {
		fmt.Fprintf(t, "lab\tnot running\n")
	}
	for _, p := range s.Parts {
		state := "ok"
		if !p.Works {
			state = "FAIL"
		}
		fmt.Fprintf(t, "%s\t%s  %s\n", p.Name, state, p.Says)
	}
	for i, r := range s.Reach {
		title := ""
		if i == 0 {
			title = "open here"
		}
		says := r.Address + "  " + r.Name
		if r.Name == reachAPI {
			says += ", with the kubeconfig of `go run ./lab kubeconfig`"
		}
		fmt.Fprintf(t, "%s\t%s\n", title, says)
	}
	switch {
	case len(s.Left) > 0:
		fmt.Fprintf(t, "left\t%s\n", strings.Join(s.Left, "\n\t"))
		if s.Resumable {
			fmt.Fprintf(t, "\t`go run ./lab up` goes on with it\n")
		}
		fmt.Fprintf(t, "\t`go run ./lab down` removes it\n")
	case !s.Running:
		fmt.Fprintf(t, "left\tnothing\n")
	}
	if s.Running {
		fmt.Fprintf(t, "state\t%s\n", s.State)
	}
	fmt.Fprintf(t, "cache\t%s\n", s.Cache)
	return t.Flush()
}
