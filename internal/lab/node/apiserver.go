package node

func kubeAPIServer(p Paths) component {
	return component{daemon: p.run(p.bin("kube-apiserver"),
		"--etcd-servers="+etcdClients,
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
		"--cert-dir="+p.PKI)}
}
