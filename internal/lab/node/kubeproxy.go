package node

import "fmt"

// kubeProxy: masqueradeAll, because pods share a bridge and an answer that
// went straight back over it would not be translated, where the kernel does
// not pass bridged packets through iptables. The conntrack settings are the
// machine's and stay as they are.
func kubeProxy(p Paths) component {
	config := fmt.Sprintf(`apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: %q}
mode: iptables
clusterCIDR: %s
iptables: {masqueradeAll: true, minSyncPeriod: 100ms}
conntrack: {maxPerCore: 0, min: 0}
`, p.Kubeconfig, podCIDR)
	return component{
		p.run(p.bin("kube-proxy"), "--config="+p.etc("kube-proxy.yaml"), "--hostname-override="+p.member.Name),
		map[string]string{"kube-proxy.yaml": config},
	}
}
