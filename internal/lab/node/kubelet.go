package node

import (
	"fmt"
	"path/filepath"
)

// kubelet: the eviction thresholds are low because the disk is the user's, and
// a disk that is 90 % full must not empty the lab, and once there is room again
// its pods are made anew soon, not after 5 minutes; cgroup v1 is accepted
// because many machines still have it, wholly or as a hybrid.
func kubelet(p Paths) component {
	config := fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
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
evictionPressureTransitionPeriod: 15s
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
enforceNodeAllocatable: []
oomScoreAdj: 0
serializeImagePulls: false
syncFrequency: 10s
`, p.pki("ca.crt"), p.ContainerdSocket, p.Cgroup, Address, Domain,
		filepath.Join(p.VarLib, "pod-logs"), filepath.Join(p.VarLib, "volume-plugins"))
	d := p.run(p.bin("kubelet"),
		"--config="+p.etc("kubelet.yaml"), "--kubeconfig="+p.Kubeconfig, "--hostname-override="+p.member.Name, "--node-ip="+p.member.Address,
		"--root-dir="+p.kubeletFolder(""), "--cert-dir="+p.kubeletFolder("pki"))
	if m := p.member; m.Zone != "" {
		d.Args = append(d.Args, "--node-labels=topology.kubernetes.io/region="+m.Region+",topology.kubernetes.io/zone="+m.Zone)
	}
	return component{d, map[string]string{"kubelet.yaml": config}}
}

// kubeletFolder is a folder of the kubelet's.
func (p Paths) kubeletFolder(name string) string { return filepath.Join(p.VarLib, "kubelet", name) }
