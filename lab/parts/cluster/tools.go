//go:build tools

// Package cluster pins the commands that are built as their own projects
// publish them: with these imports `go mod tidy` keeps what they need.
package cluster

import (
	_ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
	_ "istio.io/istio/istioctl/cmd/istioctl"
	_ "istio.io/istio/pilot/cmd/pilot-agent"
	_ "istio.io/istio/pilot/cmd/pilot-discovery"
)
