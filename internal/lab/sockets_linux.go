package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/lab/node"
	"istio-circuit-breaker/internal/lab/sandbox"
)

// RelayCommand is the subcommand that the lab calls itself by to relay the
// sockets of openSockets. Its arguments are the addresses that it relays to.
const RelayCommand = "relay"

// Reach is what this machine reaches of the lab, at an address of its own
// loopback.
type Reach struct {
	Name    string `json:"name"`
	Address string `json:"address"`          // of this machine
	Target  string `json:"target,omitempty"` // in the lab's network
}

const (
	reachAPI      = "API server" // the first of them
	reachRegistry = "registry"
)

// openSockets listens on this machine for what of the lab it can always reach,
// and keeps the addresses in a file beside the lab's other state. The lab's own
// ports are taken where they are free: an image has the same name on both sides.
func (l *Lab) openSockets() ([]*os.File, error) {
	var files []*os.File
	var taken []string
	reaches := []Reach{{reachAPI, "", node.APIServer}, {reachRegistry, "", registryAddress}}
	for i, r := range reaches {
		file, address, err := l.host.listen(r.Target)
		if errors.Is(err, unix.EADDRINUSE) {
			file, address, err = l.host.listen("127.0.0.1:0")
			taken = append(taken, fmt.Sprintf("%s is taken on this machine, the %s is at %s", r.Target, r.Name, address))
		}
		if err != nil {
			closeAll(files)
			return nil, fmt.Errorf("listening for the %s: %w", r.Name, err)
		}
		files, reaches[i].Address = append(files, file), address
	}
	if len(taken) > 0 {
		l.Progress.Remark(strings.Join(taken, "; "))
	}
	data, err := json.Marshal(reaches)
	if err == nil {
		err = os.WriteFile(l.reach(), data, 0o644)
	}
	if err != nil {
		closeAll(files)
		return nil, fmt.Errorf("keeping what this machine reaches: %w", err)
	}
	return files, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// relay is the daemon that serves the sockets of openSockets.
func (l *Lab) relay(binary string) sandbox.Daemon {
	return sandbox.Daemon{
		Name: RelayCommand, Args: []string{binary, RelayCommand, node.APIServer, registryAddress},
		Log: l.Layout.log(RelayCommand), Inherits: []int{0, 1},
	}
}

// HostKubeconfig is a kubeconfig of the running lab for this machine.
func (l *Lab) HostKubeconfig() (string, error) {
	if err := l.find(); err != nil {
		return "", err
	}
	if l.box == nil {
		return "", errNotRunning
	}
	reaches, err := l.reaches()
	if err != nil {
		return "", err
	}
	return node.Kubeconfig(filepath.Dir(l.pki("x")), reaches[0].Address)
}

// reaches reads what openSockets kept.
func (l *Lab) reaches() ([]Reach, error) {
	var reaches []Reach
	data, err := os.ReadFile(l.reach())
	if errors.Is(err, os.ErrNotExist) {
		return nil, hint.With(errors.New("finding what this machine reaches of the lab: it was brought up by an older version"),
			"take it down and up again, `go run ./lab down && go run ./lab up`")
	}
	if err == nil {
		err = json.Unmarshal(data, &reaches)
	}
	if err == nil && (len(reaches) == 0 || reaches[0].Name != reachAPI) {
		err = errors.New("the API server is not the first")
	}
	if err != nil {
		return nil, fmt.Errorf("reading what this machine reaches of the lab from %q: %w", l.reach(), err)
	}
	return reaches, nil
}

// opened lists what commands of `lab exec` listen on on this machine: themselves,
// or what follows them.
func (l *Lab) opened() ([]Reach, error) {
	pids, err := l.host.marked(l.mark())
	if err != nil {
		return nil, err
	}
	ports, err := l.host.ports(l.box.HostNetwork(), pids)
	var reaches []Reach
	for _, p := range ports {
		reaches = append(reaches, Reach{Name: fmt.Sprintf("process %d, run by `lab exec`", p.PID), Address: p.Address.String()})
	}
	return reaches, err
}
