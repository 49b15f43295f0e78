package node

import "fmt"

// coreDNS runs beside the kubelet, not in a pod; pods reach it at the node's
// address. It listens on all addresses of the lab's own network.
func coreDNS(p Paths) component {
	config := fmt.Sprintf(`.:53 {
	errors
	health 127.0.0.1:8080
	ready 127.0.0.1:8181
	kubernetes %s in-addr.arpa {
		kubeconfig %s
	}
	cache 5
}
`, Domain, p.Kubeconfig)
	return component{
		p.run(p.bin("coredns"), "-conf", p.etc("Corefile")),
		map[string]string{"Corefile": config},
	}
}
