package node

import (
	"fmt"
	"path/filepath"
)

// files are the node's configuration files by name, each with the reason for
// what differs from the part's own default.
func (p Paths) files() map[string]string {
	return map[string]string{
		"registry.yml":        p.registry(),
		"docker.json":         "{}\n", // so that a file of the host's own engine is not read
		"containerd.toml":     p.containerd(),
		"cni/10-lab.conflist": p.cni(),
		"kubelet.yaml":        p.kubelet(),
		"kube-proxy.yaml":     p.kubeProxy(),
		"Corefile":            p.corefile(),
	}
}

func (p Paths) registry() string {
	return fmt.Sprintf(`version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: %q}
http: {addr: "127.0.0.1:5000"}
`, p.RegistryData)
}

// containerd: restrict_oom_score_adj because a machine may lack
// CAP_SYS_RESOURCE (many containers and small VMs do); without it runc dies
// there with "can't get final child's PID from pipe: EOF".
func (p Paths) containerd() string {
	return fmt.Sprintf(`version = 2
root = %q
state = "/run/containerd"
[grpc]
  address = %q
[plugins."io.containerd.internal.v1.opt"]
  path = %q
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = %q
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = %q
    conf_dir = %q
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
`, filepath.Join(p.VarLib, "containerd"), p.ContainerdSocket, filepath.Join(p.VarLib, "containerd-opt"),
		p.PauseImage, p.CNI, filepath.Join(p.Etc, "cni"))
}

func (p Paths) cni() string {
	return fmt.Sprintf(`{
  "cniVersion": "0.4.0",
  "name": "lab",
  "plugins": [
    {
      "type": "bridge", "bridge": %q, "isGateway": true, "hairpinMode": true,
      "ipam": {
        "type": "host-local", "dataDir": %q,
        "ranges": [[{"subnet": %q, "rangeStart": "198.18.0.10"}]],
        "routes": [{"dst": "0.0.0.0/0"}]
      }
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
`, Bridge, filepath.Join(p.VarLib, "cni-ipam"), podCIDR)
}

// kubelet: the eviction thresholds are low because the disk is the user's, and
// a disk that is 90 % full must not empty the lab; cgroup v1 is accepted
// because many machines still have it, wholly or as a hybrid.
func (p Paths) kubelet() string {
	return fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: %q}
authorization: {mode: Webhook}
containerRuntimeEndpoint: unix://%s
cgroupDriver: cgroupfs
cgroupRoot: /%s
failCgroupV1: false
failSwapOn: false
clusterDNS: [%q]
clusterDomain: %s
resolvConf: /dev/null
podLogsDir: %q
volumePluginDir: %q
evictionHard: {memory.available: 100Mi, nodefs.available: 1%%, nodefs.inodesFree: 1%%, imagefs.available: 1%%, imagefs.inodesFree: 1%%}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
enforceNodeAllocatable: []
oomScoreAdj: 0
serializeImagePulls: false
syncFrequency: 10s
`, p.pki("ca.crt"), p.ContainerdSocket, p.Cgroup, Address, Domain,
		filepath.Join(p.VarLib, "pod-logs"), filepath.Join(p.VarLib, "volume-plugins"))
}

// kubeProxy: masqueradeAll, because pods share a bridge and an answer that
// went straight back over it would not be translated, where the kernel does
// not pass bridged packets through iptables. The conntrack settings are the
// machine's and stay as they are.
func (p Paths) kubeProxy() string {
	return fmt.Sprintf(`apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: %q}
mode: iptables
clusterCIDR: %s
iptables: {masqueradeAll: true, minSyncPeriod: 100ms}
conntrack: {maxPerCore: 0, min: 0}
`, p.Kubeconfig, podCIDR)
}

// corefile: CoreDNS runs beside the kubelet, not in a pod; pods reach it at
// the node's address. It listens on all addresses of the lab's own network.
func (p Paths) corefile() string {
	return fmt.Sprintf(`.:53 {
	errors
	health 127.0.0.1:8080
	ready 127.0.0.1:8181
	kubernetes %s in-addr.arpa {
		kubeconfig %s
	}
	cache 5
}
`, Domain, p.Kubeconfig)
}
