package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/distribution/reference"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

// image is the checked form of the resource's inputs, as imageArgs of the SDK
// has them.
type image struct {
	imageName      string
	registry       registry
	skipPush       bool
	buildOnPreview bool
	build          build

	// unknown says that a preview does not know all of the above yet.
	unknown bool
}

// registry is what the credentials are for. An empty server means that of the
// image's name; empty credentials mean those of the docker command.
type registry struct{ server, username, password string }

// build says how the image is made. Paths are relative to the Pulumi program.
type build struct {
	context, dockerfile       string // defaults: ".", "Dockerfile" in the context
	target, platform, network string // empty: the engine's default
	classic                   bool   // builderVersion BuilderV1; BuildKit otherwise
	args                      map[string]string
	addHosts                  []string
}

// located says whether a preview knows already where the files are.
func (b build) located() bool { return b.context != "" && b.dockerfile != "" }

var platformForm = regexp.MustCompile(`^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9]+)?$`)

// readInputs reads the resource's inputs, fills in the defaults, and returns
// all problems at once: wrong types and values, and inputs that this plugin
// does not implement.
func readInputs(props *structpb.Struct) (image, []*rpc.CheckFailure) {
	var in image
	var failures []*rpc.CheckFailure
	top := newFields("", props, &failures, &in.unknown)

	known := in.unknown
	in.imageName = top.text("imageName", "")
	in.skipPush = top.flag("skipPush")
	in.buildOnPreview = top.flag("buildOnPreview")
	if in.imageName == "" && in.unknown == known {
		top.fail("imageName", "is required")
	}

	reg := top.object("registry")
	in.registry = registry{reg.text("server", ""), reg.text("username", ""), reg.text("password", "")}
	if !in.unknown && (in.registry.username == "") != (in.registry.password == "") {
		top.fail("registry", "needs username and password together, or neither")
	}
	reg.refuseRest()

	b := top.object("build")
	in.build.context = b.text("context", ".")
	dockerfile := ""
	if in.build.context != "" {
		dockerfile = filepath.Join(in.build.context, "Dockerfile")
	}
	in.build.dockerfile = b.text("dockerfile", dockerfile)
	in.build.target = b.text("target", "")
	in.build.network = b.text("network", "")
	in.build.args = b.texts("args")
	in.build.addHosts = b.list("addHosts")
	in.build.platform = b.text("platform", "")
	if in.build.platform != "" && !platformForm.MatchString(in.build.platform) {
		b.fail("platform", fmt.Sprintf("is %q, want os/architecture such as linux/amd64", in.build.platform))
	}
	switch v := b.text("builderVersion", "BuilderBuildKit"); v {
	case "BuilderV1":
		in.build.classic = true
	case "BuilderBuildKit", "":
	default:
		b.fail("builderVersion", fmt.Sprintf("is %q, want BuilderV1 or BuilderBuildKit", v))
	}
	b.text("contextDigest", "") // Check put it there
	b.refuseRest()
	top.refuseRest()

	in.checkName(top)
	in.build.checkFiles(b)
	return in, failures
}

// checkName wants a name that says which registry it is pushed to, as the
// published plugin does.
func (in image) checkName(top *fields) {
	if in.imageName == "" {
		return
	}
	named, err := reference.ParseNormalizedNamed(in.imageName)
	if err != nil {
		top.fail("imageName", fmt.Sprintf("is %q: %v", in.imageName, err))
		return
	}
	if _, ok := named.(reference.Digested); ok {
		top.fail("imageName", fmt.Sprintf("is %q, want a name without a digest: the build makes it", in.imageName))
	}
	if !in.skipPush && !strings.HasPrefix(in.imageName, reference.Domain(named)+"/") {
		top.fail("imageName", fmt.Sprintf("is %q, want it with its registry, such as %q", in.imageName, named))
	}
}

// checkFiles wants the context to be a folder, and the Dockerfile a file.
func (b build) checkFiles(at *fields) {
	if !b.located() {
		return
	}
	if info, err := os.Stat(b.context); err != nil {
		at.fail("context", err.Error())
		return
	} else if !info.IsDir() {
		at.fail("context", fmt.Sprintf("is %q, want a folder; remote contexts are not implemented by the lab's docker provider", b.context))
		return
	}
	if _, err := os.Stat(b.dockerfile); err != nil {
		reason := err.Error()
		if inside := filepath.Join(b.context, b.dockerfile); !filepath.IsAbs(b.dockerfile) && exists(inside) {
			reason += fmt.Sprintf("; it is relative to the program, not to the context: try %q", inside)
		}
		at.fail("dockerfile", reason)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
