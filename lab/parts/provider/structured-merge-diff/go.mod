// What the provider uses of the release before the one that Kubernetes 1.36 uses,
// as names of the latter: two sets of fields that are the same type.
module sigs.k8s.io/structured-merge-diff/v4

go 1.26.0

require sigs.k8s.io/structured-merge-diff/v6 v6.4.0

require (
	github.com/json-iterator/go v1.1.12 // indirect
	github.com/modern-go/concurrent v0.0.0-20180306012644-bacd9c7ef1dd // indirect
	github.com/modern-go/reflect2 v1.0.2 // indirect
	go.yaml.in/yaml/v2 v2.4.2 // indirect
)
