// Command pulumi-resource-docker is a Pulumi plugin for the lab. It serves one
// resource, docker:index/image:Image, with the inputs and outputs that the
// published SDK github.com/pulumi/pulumi-docker/sdk/v4 sends and reads, and does
// the work on a real Docker engine: build, push, report the digest. It exists
// because Pulumi's own plugin is not to be had from a package registry; what it
// does not implement it refuses by name.
//
// It promises: an unchanged build context is no change of the resource, whatever
// its modification times; a preview builds nothing unless buildOnPreview says
// so; a delete leaves engine and registry alone; credentials are those of the
// inputs, and for other registries the docker command's, which never reach the
// state; no logs have any, and the state has those of the inputs only as secrets; a
// state of the published plugin is one of its own, and the other way round.
//
// It speaks Pulumi's gRPC protocol (pulumirpc.ResourceProvider) itself. The
// library pulumi-go-provider would need 789 packages where this needs 402 with
// Docker's client, and the lab compiles it on the user's machine.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// version is set by the linker to that of the SDK, by which the engine of
// Pulumi finds this plugin on PATH.
var version = "4.10.0"

const usage = `pulumi-resource-docker is started by pulumi, with the address of its engine:

    pulumi-resource-docker 127.0.0.1:40001

Put its folder on PATH and run "pulumi up".
`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// Logging flags may come before the address, which is always last.
	if err := serve(ctx, os.Args[len(os.Args)-1], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
