package parts

import (
	"runtime"
	"slices"
	"strings"
)

// goFlags: no DWARF, which nobody reads here and which costs a tenth of the
// compile time; no cgo, so that binaries run in images from scratch.
var goFlags = []string{"-trimpath", "-gcflags=all=-dwarf=false"}

// programFlags: the SDKs' generated code, more than half of what is compiled for
// the program alone, is called a few times in a run: compiled without inlining it
// takes a third less.
var programFlags = append(slices.Clone(goFlags),
	"-gcflags=github.com/pulumi/pulumi-kubernetes/sdk/v4/...=-dwarf=false -l",
	"-gcflags=github.com/pulumi/pulumi-docker/sdk/v4/...=-dwarf=false -l",
)

// GoFlags are what the environment tells every run of Go's that the lab makes: no
// version control is asked about a clone, which may be another user's.
const GoFlags = "GOFLAGS=-buildvcs=false"

// InsideEnvironment is that of every run of Go's in the lab. With the flags of
// the parts, what a command has in common with them is not compiled again; and
// there is no way out of the lab's network: what is needed was fetched.
func InsideEnvironment() []string {
	flags := GoFlags
	for _, flag := range programFlags {
		flags += " '" + flag + "'"
	}
	return []string{flags, "CGO_ENABLED=0", "GOPROXY=off"}
}

// goEnvironment is that of every run of Go's here. No flags of the user's, which
// may name tags, or a vendor folder that is not there.
var goEnvironment = []string{GoFlags, "GOWORK=off"}

// buildEnvironment is that of what is kept in the cache. All that decides what
// comes out is either set here or in the key, whatever the user has set for
// other builds.
func buildEnvironment() []string {
	return append([]string{
		"CGO_ENABLED=0", "GOOS=" + runtime.GOOS, "GOARCH=" + runtime.GOARCH,
		// Those that Go takes where nothing is set: any machine runs them.
		"GOAMD64=v1", "GOARM64=v8.0", "GOFIPS140=off",
		"GOEXPERIMENT=" + experiments(runtime.Version()),
	}, goEnvironment...)
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
