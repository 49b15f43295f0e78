//go:build tools

// Package helm pins the Helm that `make bench-up` measures the stack beside: the
// version that the Kubernetes provider has inside.
package helm

import _ "helm.sh/helm/v3/cmd/helm"
