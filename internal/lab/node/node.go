package node

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"istio-circuit-breaker/internal/lab/sandbox"
)

// The lab's network. The ranges are those that RFC 2544 reserves for
// benchmarks: they meet no VPN and no office network.
const (
	Bridge       = "lab0"
	Address      = "198.18.0.1" // of the node, on the bridge
	podCIDR      = "198.18.0.0/16"
	serviceCIDR  = "198.19.0.0/16"
	firstService = "198.19.0.1" // the API server, as pods see it
	Domain       = "cluster.local"
	// Name is the node's name.
	Name = "lab"
	// APIServer is where the API server answers in the lab's network.
	APIServer = "127.0.0.1:6443"
	// Registry is where the lab's images are pushed to and pulled from; a host
	// called localhost is spoken to over plain HTTP.
	Registry = "localhost:5000"
)

// Paths is where the node's files are.
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
}

// Network is what the sandbox has to provide for the node.
func Network() sandbox.Network {
	return sandbox.Network{Bridge: Bridge, BridgeCIDR: Address + "/16", ServiceCIDR: serviceCIDR}
}

// Write writes keys and configuration, and returns the daemons that they are
// for.
func Write(p Paths, now time.Time) ([]sandbox.Daemon, error) {
	for _, dir := range []string{p.PKI, p.Etc, filepath.Join(p.Etc, "cni"), p.Logs, p.VarLib, p.RegistryData, p.DockerData} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("making the node's folders: %w", err)
		}
	}
	if err := writePKI(p.PKI, now); err != nil {
		return nil, err
	}
	for name, content := range p.files() {
		if err := os.WriteFile(filepath.Join(p.Etc, name), []byte(content), 0o644); err != nil {
			return nil, fmt.Errorf("writing the node's configuration: %w", err)
		}
	}
	if err := os.WriteFile(p.Kubeconfig, []byte(p.kubeconfig()), 0o600); err != nil {
		return nil, fmt.Errorf("writing the kubeconfig: %w", err)
	}
	return p.daemons(), nil
}

func (p Paths) pki(name string) string { return filepath.Join(p.PKI, name) }
func (p Paths) etc(name string) string { return filepath.Join(p.Etc, name) }
func (p Paths) bin(name string) string { return filepath.Join(p.Bin, name) }

// daemons lists what runs on the node, in the order in which it is started;
// each waits or is started again until what it needs is there.
func (p Paths) daemons() []sandbox.Daemon {
	daemon := func(args ...string) sandbox.Daemon {
		name := filepath.Base(args[0])
		return sandbox.Daemon{Name: name, Args: args, Log: filepath.Join(p.Logs, name+".log")}
	}
	return []sandbox.Daemon{
		daemon(p.Etcd, "--name="+Name, "--data-dir="+filepath.Join(p.VarLib, "etcd"),
			"--listen-client-urls=http://127.0.0.1:2379", "--advertise-client-urls=http://127.0.0.1:2379",
			"--listen-peer-urls=http://127.0.0.1:2380", "--initial-advertise-peer-urls=http://127.0.0.1:2380",
			"--initial-cluster="+Name+"=http://127.0.0.1:2380",
			"--unsafe-no-fsync"), // a lab that loses power is made anew
		daemon(p.DockerRegistry, "serve", p.etc("registry.yml")),
		daemon(p.Containerd, "--config="+p.etc("containerd.toml")),
		daemon(p.Dockerd, "--host=unix://"+p.DockerSocket, "--data-root="+p.DockerData,
			"--config-file="+p.etc("docker.json"), "--exec-root=/run/docker", "--pidfile=/run/docker.pid",
			"--containerd="+p.ContainerdSocket, "--cgroup-parent=/"+p.Cgroup+"/docker",
			// Only builds run here; they need no network of their own.
			"--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"),
		daemon(p.bin("kube-apiserver"),
			"--etcd-servers=http://127.0.0.1:2379",
			"--advertise-address="+Address, "--secure-port=6443", "--service-cluster-ip-range="+serviceCIDR,
			"--tls-cert-file="+p.pki("apiserver.crt"), "--tls-private-key-file="+p.pki("apiserver.key"),
			"--client-ca-file="+p.pki("ca.crt"),
			// By its address: nothing resolves the node's name.
			"--kubelet-preferred-address-types=InternalIP",
			"--kubelet-client-certificate="+p.pki("admin.crt"), "--kubelet-client-key="+p.pki("admin.key"),
			"--service-account-issuer=https://kubernetes.default.svc."+Domain,
			"--service-account-key-file="+p.pki("service-account.crt"),
			"--service-account-signing-key-file="+p.pki("service-account.key"),
			"--authorization-mode=Node,RBAC", "--allow-privileged=true",
			"--cert-dir="+p.PKI),
		daemon(p.bin("kube-controller-manager"),
			"--kubeconfig="+p.Kubeconfig, "--leader-elect=false", "--use-service-account-credentials=true",
			"--service-account-private-key-file="+p.pki("service-account.key"), "--root-ca-file="+p.pki("ca.crt"),
			"--cluster-signing-cert-file="+p.pki("ca.crt"), "--cluster-signing-key-file="+p.pki("ca.key"),
			"--cluster-cidr="+podCIDR, "--allocate-node-cidrs=false", "--bind-address=127.0.0.1", "--cert-dir="+p.PKI),
		daemon(p.bin("kube-scheduler"),
			"--kubeconfig="+p.Kubeconfig, "--leader-elect=false", "--bind-address=127.0.0.1", "--cert-dir="+p.PKI),
		daemon(p.bin("kubelet"),
			"--config="+p.etc("kubelet.yaml"), "--kubeconfig="+p.Kubeconfig, "--hostname-override="+Name, "--node-ip="+Address,
			"--root-dir="+filepath.Join(p.VarLib, "kubelet"), "--cert-dir="+filepath.Join(p.VarLib, "kubelet", "pki")),
		daemon(p.bin("kube-proxy"), "--config="+p.etc("kube-proxy.yaml"), "--hostname-override="+Name),
		daemon(p.bin("coredns"), "-conf", p.etc("Corefile")),
	}
}
