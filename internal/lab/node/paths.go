package node

import "path/filepath"

// Paths is where the files of the cluster's nodes are, and what else these are
// told. Those of a further node follow from the first one's.
type Paths struct {
	PKI, Etc, Logs, VarLib         string // folders
	Bin                            string // folder of the binaries that the lab built
	CNI                            string // folder of the plugins that connect pods
	Etcd, DockerRegistry           string // commands of the machine
	Containerd, Dockerd            string
	RegistryData, DockerData       string // folders that outlive the lab
	DockerSocket, ContainerdSocket string
	Kubeconfig                     string
	Cgroup                         string // name of the parent of everything that runs in a container
	PauseImage                     string
	Arch                           string // of the machine, as Go names it
	Shape                          Shape  // of the cluster

	member Member
	data   string // VarLib, by the name outside of the node's sandbox
}

// Sockets are the Unix sockets in the node's folders, whose paths the kernel
// limits. Those of parts that take a fixed place are not among them.
func (p Paths) Sockets() []string {
	return []string{
		p.DockerSocket,
		p.ContainerdSocket, p.ContainerdSocket + ".ttrpc", // containerd makes it beside its own
		filepath.Join(p.kubeletFolder("pod-resources"), "kubelet.sock"),
	}
}

// Commands are those of the machine that the node runs.
func (p Paths) Commands() []string {
	return []string{p.Etcd, p.DockerRegistry, p.Containerd, p.Dockerd}
}

// Data is the folder that a further node has in place of /var/lib.
func (p Paths) Data(name string) string { return filepath.Join(p.VarLib, "nodes", name) }

// each are the paths of each node. A further one sees folders of its own in the
// places where a machine has them: its sandbox sees to that.
func (p Paths) each() []Paths {
	var all []Paths
	for i, m := range p.Shape.Members() {
		own := p
		own.member, own.data = m, p.VarLib
		if i > 0 {
			own.Etc, own.Logs = filepath.Join(p.Etc, m.Name), filepath.Join(p.Logs, m.Name)
			own.VarLib, own.data = "/var/lib", p.Data(m.Name)
			own.ContainerdSocket = "/run/containerd.sock"
			own.Kubeconfig = filepath.Join(own.Etc, "kubeconfig")
			own.Cgroup = filepath.Join(p.Cgroup, m.Name)
		}
		all = append(all, own)
	}
	return all
}

// first says whether the paths are those of the node with the control plane.
func (p Paths) first() bool { return p.member.Name == Name }

func (p Paths) pki(name string) string { return filepath.Join(p.PKI, name) }
func (p Paths) etc(name string) string { return filepath.Join(p.Etc, name) }
func (p Paths) bin(name string) string { return filepath.Join(p.Bin, name) }
