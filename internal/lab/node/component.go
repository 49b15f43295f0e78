package node

import (
	"maps"
	"path/filepath"

	"istio-circuit-breaker/internal/lab/sandbox"
)

// component is a part of a node as data: the daemon with its arguments, and the
// configuration files that it reads, by their names below Paths.Etc. There is a
// file for each in this package; the reason for what differs from the part's own
// default stands beside it.
type component struct {
	daemon sandbox.Daemon
	files  map[string]string
}

// The components of the first node and of each further one, in the order in
// which they are started; each waits or is started again until what it needs is
// there.
var (
	first = []func(Paths) component{
		etcd, dockerRegistry, containerd, dockerd,
		kubeAPIServer, kubeControllerManager, kubeScheduler,
		kubelet, kubeProxy, coreDNS,
	}
	further = []func(Paths) component{containerd, kubelet, kubeProxy}
)

func (p Paths) components() []component {
	list := further
	if p.first() {
		list = first
	}
	var all []component
	for _, c := range list {
		all = append(all, c(p))
	}
	return all
}

// run is the daemon that args start.
func (p Paths) run(args ...string) sandbox.Daemon {
	name := filepath.Base(args[0])
	return sandbox.Daemon{Name: name, Args: args, Log: filepath.Join(p.Logs, name+".log")}
}

func (p Paths) daemons() []sandbox.Daemon {
	var daemons []sandbox.Daemon
	for _, c := range p.components() {
		daemons = append(daemons, c.daemon)
	}
	return daemons
}

func (p Paths) files() map[string]string {
	files := map[string]string{}
	for _, c := range p.components() {
		maps.Copy(files, c.files)
	}
	return files
}
