package node

// dockerd: its socket is root's alone, because whoever writes to it is root on
// this machine. Only builds run in it; they need no network of their own.
func dockerd(p Paths) component {
	d := p.run(p.Dockerd, "--host=unix://"+p.DockerSocket, "--group=0", "--data-root="+p.DockerData,
		"--config-file="+p.etc("docker.json"), "--exec-root=/run/docker", "--pidfile=/run/docker.pid",
		"--containerd="+p.ContainerdSocket, "--cgroup-parent=/"+p.Cgroup+"/docker",
		"--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false")
	d.Outlived = true
	// So that a file of the host's own engine is not read.
	return component{d, map[string]string{"docker.json": "{}\n"}}
}
