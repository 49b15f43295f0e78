//go:build !linux

package main

import (
	"fmt"
	"os"
)

// main says what to do instead: the lab is made of Linux namespaces.
func main() {
	if len(os.Args) < 2 || os.Args[1] == "help" {
		fmt.Print(usage)
		return
	}
	fmt.Fprint(os.Stderr, `lab: the lab runs on Linux only. On this machine use a cluster of your own:

  k3d cluster create breaker --registry-create registry:5000
  pulumi config set image.repository localhost:5000/servicex
  pulumi up
`)
	os.Exit(1)
}
