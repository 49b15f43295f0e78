// Package e2e proves the project on the real thing: a real cluster, registry and
// Docker engine in the lab, real Pulumi, Istio and Envoy. It calls only what a
// user calls: lab, pulumi, kubectl, istioctl and observe.
//
// The cases share one lab and run in the order of the list in e2e_test.go. They
// are built with the tag e2e only:
//
//	go test -tags e2e -count=1 -timeout 80m -v ./e2e
//
// E2E_KEEP=1 leaves lab and stack as they are at the end, for a look at them;
// -run 'TestEndToEnd/up$' and the like choose cases.
package e2e
