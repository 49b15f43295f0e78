package node

func kubeScheduler(p Paths) component {
	return component{daemon: p.run(p.bin("kube-scheduler"),
		"--kubeconfig="+p.Kubeconfig, "--leader-elect=false", "--bind-address=127.0.0.1", "--cert-dir="+p.PKI)}
}
