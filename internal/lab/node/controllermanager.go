package node

func kubeControllerManager(p Paths) component {
	return component{daemon: p.run(p.bin("kube-controller-manager"),
		"--kubeconfig="+p.Kubeconfig, "--leader-elect=false", "--use-service-account-credentials=true",
		"--service-account-private-key-file="+p.pki("service-account.key"), "--root-ca-file="+p.pki("ca.crt"),
		"--cluster-signing-cert-file="+p.pki("ca.crt"), "--cluster-signing-key-file="+p.pki("ca.key"),
		"--cluster-cidr="+podCIDR, "--allocate-node-cidrs=false", "--bind-address=127.0.0.1", "--cert-dir="+p.PKI)}
}
