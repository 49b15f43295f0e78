// Command pulumi-resource-kubernetes is Pulumi's own Kubernetes provider, built
// from its published Go module. Its main embeds a schema that is generated at
// release time and not part of the module; a Go program never asks for it.
package main

import (
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

// version is set by the linker; the SDK's own version makes the engine pick
// this plugin.
var version = "4.0.0"

func main() {
	schema := []byte(`{"name":"kubernetes","version":"` + version + `"}`)
	provider.Serve("kubernetes", version, schema, []byte(`{}`))
}
