//go:build tools

// Package istiod pins another istiod than the lab's, which `make matrix` measures
// too: the oldest that is served as a module. Some libraries in the versions that
// it was written with are not served any more; it is built with the next ones.
package istiod

import _ "istio.io/istio/pilot/cmd/pilot-discovery"
