package images

import (
	"os"
	"path/filepath"
	"strings"
)

// Folders are where the parts are that go into images.
type Folders struct {
	Cluster, Agent, Envoy, Pause string // of built parts
	Istio                        string // Istio's module, for Envoy's bootstrap template
	GoRoot                       string // of the machine's Go
	Iptables                     string // the machine's xtables-nft-multi
	// Root is the folder that the machine's other files are below; "" is the
	// machine itself, tests have a folder of their own.
	Root string
}

// host is a file of the machine by its path.
func (f Folders) host(path string) string { return filepath.Join(f.Root, path) }

// passwd knows the users that Istio's containers run as.
const passwd = `root:x:0:0:root:/root:/bin/sh
istio-proxy:x:1337:1337::/:/bin/sh
nonroot:x:65532:65532::/:/bin/sh
`

// certificates is Debian's bundle; istiod and the agent load it at start.
const certificates = "/etc/ssl/certs/ca-certificates.crt"

// Pause is the sandbox container.
func Pause(reference string, f Folders) Image {
	return Image{
		Reference: reference, Root: f.Root,
		Changes: []string{`ENTRYPOINT ["/pause"]`, "USER 65532:65532"},
		Files:   map[string]string{"pause": filepath.Join(f.Pause, "pause")},
	}
}

// Pilot is istiod, under the name that its chart gives the image.
func Pilot(reference string, f Folders) Image {
	return Image{
		Reference: reference, Root: f.Root,
		Changes: []string{`ENTRYPOINT ["/usr/local/bin/pilot-discovery"]`, "USER 1337:1337"},
		Files: map[string]string{
			"usr/local/bin/pilot-discovery":     filepath.Join(f.Cluster, "pilot-discovery"),
			"etc/ssl/certs/ca-certificates.crt": f.host(certificates),
		},
		Texts: map[string]string{"etc/passwd": passwd},
	}
}

// Proxy is the sidecar and its init container: the agent, upstream Envoy, and
// iptables for the redirection.
func Proxy(reference string, f Folders) Image {
	i := Image{
		Reference: reference, Root: f.Root,
		Changes: []string{`ENTRYPOINT ["/usr/local/bin/pilot-agent"]`, "ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		Binaries: map[string]string{
			"usr/local/bin/envoy":        filepath.Join(f.Envoy, "envoy"),
			"usr/sbin/xtables-nft-multi": f.Iptables,
			"bin/sh":                     f.host("/bin/sh"),
		},
		Files: map[string]string{
			"usr/local/bin/pilot-agent":                     filepath.Join(f.Agent, "pilot-agent"),
			"etc/ssl/certs/ca-certificates.crt":             f.host(certificates),
			"var/lib/istio/envoy/envoy_bootstrap_tmpl.json": filepath.Join(f.Istio, "tools/packaging/common/envoy_bootstrap.json"),
		},
		// iptables' matches and targets are plugins that it loads from here.
		Trees: map[string]string{xtables(f): f.host(xtables(f))},
		Texts: map[string]string{"etc/passwd": passwd},
		Links: map[string]string{},
	}
	for _, name := range []string{"iptables", "ip6tables"} {
		for _, verb := range []string{"", "-save", "-restore"} {
			for _, kind := range []string{"", "-nft"} {
				i.Links["usr/sbin/"+name+kind+verb] = "xtables-nft-multi"
			}
		}
	}
	return i
}

// xtables is Debian's plugin folder of this machine's architecture.
func xtables(f Folders) string {
	found, _ := filepath.Glob(f.host("/usr/lib/*/xtables"))
	if len(found) == 0 {
		return "/usr/lib/xtables"
	}
	return strings.TrimPrefix(found[0], f.Root)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Recipe is raised when an image is composed in another way of the same
// parts, such as with other modes.
const Recipe = "2"

// Label marks the builder image with the key of what it was made from.
const Label = "istio-circuit-breaker.lab"

// Golang stands in for the official image that ServiceX is built with: the
// machine's own Go and a shell, under the official name, so that the published
// Dockerfile builds unchanged and with no network.
func Golang(reference, key string, f Folders) Image {
	i := Image{
		Reference: reference, Root: f.Root,
		Changes: []string{
			"ENV PATH=/go/bin:/usr/local/go/bin:/usr/bin:/bin", "ENV GOPATH=/go", "ENV GOTOOLCHAIN=local",
			"WORKDIR /go", "LABEL " + Label + "=" + key,
		},
		Binaries: map[string]string{},
		Files:    map[string]string{},
		Trees:    map[string]string{},
		Texts:    map[string]string{"etc/passwd": passwd},
	}
	for _, tool := range []string{"sh", "mkdir", "cp", "mv", "rm", "ls", "cat", "env"} {
		i.Binaries["bin/"+tool] = f.host("/bin/" + tool)
	}
	for _, dir := range []string{"bin", "lib", "pkg", "src"} {
		i.Trees["usr/local/go/"+dir] = filepath.Join(f.GoRoot, dir)
	}
	for _, name := range []string{"go.env", "VERSION"} { // not every distribution's Go has both
		if file := filepath.Join(f.GoRoot, name); exists(file) {
			i.Files["usr/local/go/"+name] = file
		}
	}
	return i
}
