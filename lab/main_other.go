//go:build !linux

package main

import (
	"fmt"
	"os"

	"istio-circuit-breaker/internal/lab"
)

// main says what to do instead: the lab is made of Linux namespaces.
func main() {
	fmt.Fprint(os.Stderr, "lab: the lab runs on Linux only. "+lab.OwnCluster)
	os.Exit(1)
}
