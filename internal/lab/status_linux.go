package lab

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"text/tabwriter"
	"time"

	"istio-circuit-breaker/internal/lab/sandbox"
)

// Status is what `lab status` tells.
type Status struct {
	Running bool   `json:"running"`
	PID     int    `json:"pid,omitempty"` // of the supervisor
	State   string `json:"state"`         // folder
	Cache   string `json:"cache"`         // folder
	Parts   []Part `json:"parts,omitempty"`
}

// Part is one thing that has to answer.
type Part struct {
	Name  string `json:"name"`
	Works bool   `json:"works"`
	Says  string `json:"says"`
}

// Status asks every part of a running lab whether it answers.
func (l *Lab) Status(ctx context.Context) (Status, error) {
	s := Status{State: l.State, Cache: l.Cache}
	box, err := sandbox.Load(l.supervisor())
	if err != nil {
		return s, err
	}
	if !box.Alive() {
		return s, nil
	}
	l.box, l.log = box, discard{}
	s.Running, s.PID = true, box.PID
	add := func(name, says string, err error) {
		if err != nil {
			says = err.Error()
		}
		s.Parts = append(s.Parts, Part{name, err == nil, strings.TrimSpace(says)})
	}
	conn, err := box.Dial("127.0.0.1:5000", time.Second)
	if err == nil {
		conn.Close()
	}
	add("registry", "answers at localhost:5000", err)
	conn, err = net.DialTimeout("unix", l.dockerSocket(), time.Second)
	if err == nil {
		conn.Close()
	}
	add("docker engine", "answers at "+l.dockerSocket(), err)
	out, err := l.kubectl(ctx, "get", "--raw", "/readyz")
	add("API server", out, err)
	out, err = l.kubectl(ctx, "get", "nodes", "--no-headers")
	add("node", out, err)
	out, err = l.kubectl(ctx, "get", "pods", "--all-namespaces", "--no-headers", "--ignore-not-found")
	add("pods", fmt.Sprintf("%d", strings.Count(out, "\n")), err)
	return s, nil
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) Close() error                { return nil }

// Write prints s as a table.
func (s Status) Write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if s.Running {
		fmt.Fprintf(t, "lab\trunning, supervisor is process %d\n", s.PID)
	} else {
		fmt.Fprintf(t, "lab\tnot running\n")
	}
	for _, p := range s.Parts {
		fmt.Fprintf(t, "%s\t%s\n", p.Name, p.Says)
	}
	fmt.Fprintf(t, "state\t%s\ncache\t%s\n", s.State, s.Cache)
	return t.Flush()
}
