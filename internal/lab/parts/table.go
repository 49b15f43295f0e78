package parts

// Versions that are compiled in by the linker because the sources do not carry
// them. The modules' own pins are in lab/parts/*/go.mod; Versions are checked
// against those by a test.
const (
	kubernetesVersion = "v1.36.3"
	pulumiVersion     = "v3.259.0"
	providerVersion   = "4.24.0" // of the SDK in the root go.mod, so that the engine takes this plugin
	dockerVersion     = "4.10.0" // likewise
)

// goPart is one run of `go build` in a module of its own.
type goPart struct {
	name     string   // of the part and of its folder in the cache
	module   string   // folder below the checkout
	packages []string // what is built, each into a binary named after its last element
	tags     string
	ldflags  string
	does     string // for the progress line
}

// goParts are built in this order. As few modules as their versions allow:
// what shares a module shares its compiled packages.
//   - the Kubernetes provider is written against k8s.io 0.33 and
//     structured-merge-diff v4, Kubernetes 1.36 against v6;
//   - the language host is in the SDK's module up to v3.66.0 only;
//   - pilot-agent needs the build tag `agent`, which breaks the other Istio
//     commands.
var goParts = []goPart{
	{
		name: "cluster", module: "lab/parts/cluster",
		packages: []string{
			"./kube", "./coredns", "./charts",
			"github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
			"istio.io/istio/pilot/cmd/pilot-discovery",
			"istio.io/istio/istioctl/cmd/istioctl",
		},
		ldflags: "-X k8s.io/component-base/version.gitVersion=" + kubernetesVersion +
			" -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36" +
			" -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=" + pulumiVersion,
		does: "Kubernetes, CoreDNS, istiod, istioctl, Pulumi",
	},
	{
		name: "agent", module: "lab/parts/cluster",
		packages: []string{"istio.io/istio/pilot/cmd/pilot-agent"},
		tags:     "agent", does: "Istio's sidecar agent",
	},
	{
		name: "provider", module: "lab/parts/provider",
		packages: []string{"istio-circuit-breaker/lab/parts/provider"},
		ldflags:  "-X main.version=" + providerVersion,
		does:     "Pulumi's Kubernetes provider",
	},
	{
		name: "docker", module: "lab/parts/docker",
		packages: []string{"istio-circuit-breaker/lab/parts/docker"},
		ldflags:  "-X main.version=" + dockerVersion,
		does:     "the Docker provider of the lab",
	},
	{
		name: "languagehost", module: "lab/parts/languagehost",
		packages: []string{"github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go"},
		does:     "Pulumi's Go language host",
	},
	{
		name: "pause", module: "lab/pause", packages: []string{"."},
		does: "the pods' sandbox process",
	},
}

// links are the names under which the lab's commands are called, by the binary
// that answers to them. kubectl and pulumi are left out where the machine has
// a fitting one.
var links = map[string]struct{ part, binary string }{
	"kube-apiserver":             {"cluster", "kube"},
	"kube-controller-manager":    {"cluster", "kube"},
	"kube-scheduler":             {"cluster", "kube"},
	"kube-proxy":                 {"cluster", "kube"},
	"kubelet":                    {"cluster", "kube"},
	"kubectl":                    {"cluster", "kube"},
	"coredns":                    {"cluster", "coredns"},
	"istioctl":                   {"cluster", "istioctl"},
	"pulumi":                     {"cluster", "pulumi"},
	"pulumi-language-go":         {"languagehost", "pulumi-language-go"},
	"pulumi-resource-kubernetes": {"provider", "provider"},
	"pulumi-resource-docker":     {"docker", "docker"},
}

// debianPackages are what the lab runs from Debian, by a file that tells that
// the package is there.
var debianPackages = map[string]string{
	"etcd-server":                 "/usr/bin/etcd",
	"containerd":                  "/usr/bin/containerd",
	"runc":                        "/usr/sbin/runc",
	"containernetworking-plugins": "/usr/lib/cni/bridge",
	"docker.io":                   "/usr/sbin/dockerd",
	"docker-registry":             "/usr/bin/docker-registry",
	"iptables":                    "/usr/sbin/iptables",
	"iproute2":                    "/usr/sbin/ip",
	"ca-certificates":             "/etc/ssl/certs/ca-certificates.crt",
}
