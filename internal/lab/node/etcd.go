package node

import "path/filepath"

func etcd(p Paths) component {
	d := p.run(p.Etcd, "--name="+Name, "--data-dir="+filepath.Join(p.VarLib, "etcd"),
		"--listen-client-urls="+etcdClients, "--advertise-client-urls="+etcdClients,
		"--listen-peer-urls="+etcdPeers, "--initial-advertise-peer-urls="+etcdPeers,
		"--initial-cluster="+Name+"="+etcdPeers,
		"--unsafe-no-fsync") // a lab that loses power is made anew
	if p.Arch != "amd64" {
		// 3.4, Debian 12's, starts there only if it is told that one knows.
		d.Env = []string{"ETCD_UNSUPPORTED_ARCH=" + p.Arch}
	}
	return component{daemon: d}
}

const (
	etcdClients = "http://127.0.0.1:2379"
	etcdPeers   = "http://127.0.0.1:2380"
)
