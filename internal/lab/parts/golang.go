package parts

import (
	"runtime"
	"strings"
)

// goFlags: no DWARF, which nobody reads here and which costs a tenth of the
// compile time; no cgo, so that binaries run in images from scratch.
var goFlags = append([]string{"-trimpath", "-gcflags=all=-dwarf=false"}, plainly()...)

// seldomCalled are packages of generated code, of commands, and of what the lab
// leaves off: two fifths of what is compiled, and none of it is where a daemon spends
// its time. Compiled without inlining they take three quarters of the time.
var seldomCalled = []string{
	"cloud.google.com/...",
	"github.com/aws/...",
	"github.com/pulumi/...",
	"istio.io/istio/istioctl/...",
	"istio.io/istio/pilot/pkg/config/...",
	"istio.io/istio/pilot/pkg/serviceregistry/ambient/...",
	"k8s.io/apiextensions-apiserver/...",
	"k8s.io/client-go/applyconfigurations/...",
	"k8s.io/client-go/informers/...",
	"k8s.io/client-go/kubernetes/...",
	"k8s.io/kubectl/...",
	"k8s.io/kubernetes/pkg/apis/...",
	"k8s.io/kubernetes/pkg/controller/...",
	"k8s.io/kubernetes/pkg/registry/...",
	"k8s.io/kubernetes/pkg/volume/...",
}

func plainly() (flags []string) {
	for _, packages := range seldomCalled {
		flags = append(flags, "-gcflags="+packages+"=-dwarf=false -l")
	}
	return flags
}

// GoFlags are what the environment tells every run of Go's that the lab makes: no
// version control is asked about a clone, which may be another user's.
const GoFlags = "GOFLAGS=-buildvcs=false"

// compilerFlags are what the environment tells every run that compiles.
func compilerFlags() string {
	flags := GoFlags
	for _, flag := range goFlags {
		flags += " '" + flag + "'"
	}
	return flags
}

// InsideEnvironment is that of every run of Go's in the lab. With the flags of
// the parts, what a command has in common with them is not compiled again; and
// there is no way out of the lab's network: what is needed was fetched.
func InsideEnvironment() []string {
	return []string{compilerFlags(), "CGO_ENABLED=0", "GOPROXY=off"}
}

// goEnvironment is that of every run of Go's here. No flags of the user's, which
// may name tags, or a vendor folder that is not there.
var goEnvironment = []string{GoFlags, noWorkspace}

const noWorkspace = "GOWORK=off"

// buildEnvironment is that of what is kept in the cache. All that decides what
// comes out is either set here or in the key, whatever the user has set for
// other builds.
func buildEnvironment() []string {
	return []string{
		"CGO_ENABLED=0", "GOOS=" + runtime.GOOS, "GOARCH=" + runtime.GOARCH,
		// Those that Go takes where nothing is set: any machine runs them.
		"GOAMD64=v1", "GOARM64=v8.0", "GOFIPS140=off",
		"GOEXPERIMENT=" + experiments(runtime.Version()),
		compilerFlags(), noWorkspace,
	}
}

// amply is the memory with which the compiler's own garbage collector need not keep
// it as small as it can: two compilers and a linker at once then have 4 GB.
const amply = 7e9

// collector has Go's tools collect their garbage less often where there is the
// memory for it: the largest packages take a quarter less time and a third more
// memory. What comes out is the same.
func (b Builder) collector() []string {
	if b.Memory < amply {
		return nil
	}
	return []string{"GOGC=300"}
}

// experiments are those of the Go that this command was compiled with, as its
// version tells them, and therefore the key.
func experiments(version string) string {
	_, names, _ := strings.Cut(version, " X:")
	return names
}
