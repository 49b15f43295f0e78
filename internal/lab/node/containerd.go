package node

import (
	"fmt"
	"path/filepath"
	"strings"
)

// containerd: restrict_oom_score_adj because a machine may lack
// CAP_SYS_RESOURCE (many containers and small VMs do); without it runc dies
// there with "can't get final child's PID from pipe: EOF".
func containerd(p Paths) component {
	config := fmt.Sprintf(`version = 2
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
		p.PauseImage, p.CNI, p.etc("cni"))
	files := map[string]string{"cni/10-lab.conflist": p.cni()}
	if !p.first() {
		// There is one registry, by one name, and nothing answers to it here.
		config += fmt.Sprintf("[plugins.\"io.containerd.grpc.v1.cri\".registry]\n  config_path = %q\n", p.etc("registries"))
		files["registries/"+strings.Replace(Registry, ":", "_", 1)+"_/hosts.toml"] = fmt.Sprintf("[host.\"http://%s\"]\n", registryForNodes)
	}
	files["containerd.toml"] = config
	return component{p.run(p.Containerd, "--config="+p.etc("containerd.toml")), files}
}

// cni is how containerd connects pods.
func (p Paths) cni() string {
	return fmt.Sprintf(`{
  "cniVersion": "0.4.0",
  "name": "lab",
  "plugins": [
    {
      "type": "bridge", "bridge": %q, "isGateway": true, "hairpinMode": true,
      "ipam": {
        "type": "host-local", "dataDir": %q,
        "ranges": [[{"subnet": %q, "rangeStart": %q}]],
        "routes": [{"dst": "0.0.0.0/0"}]
      }
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
`, Bridge, filepath.Join(p.VarLib, "cni-ipam"), p.member.PodCIDR, p.member.FirstPod)
}
