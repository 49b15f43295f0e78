// Command sdkrelease registers two Helm releases by the Kubernetes SDK's own
// constructor and prints what reaches the engine, as JSON. The program has a
// constructor of its own, because this one takes minutes to compile (see
// infra/helmrelease.go); its test compares both. A module of its own, for the
// same reason; and CI does not run it, but compares what it was made of, which it
// prints too. To write the file that the test reads, here:
//
//	go run . > releases.json
package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log"
	"os"

	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/helm/v3"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// registration is what of a release reaches the engine.
type registration struct {
	Type         string         `json:"type"`
	Version      string         `json:"version"`
	Dependencies []string       `json:"dependencies"`
	Inputs       map[string]any `json:"inputs"`
}

// recorder keeps the releases that are registered, by name.
type recorder map[string]registration

func (r recorder) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	if args.Name == "from-repository" || args.Name == "from-folder" {
		r[args.Name] = registration{
			Type: args.TypeToken, Version: args.RegisterRPC.GetVersion(),
			Dependencies: args.RegisterRPC.GetDependencies(), Inputs: args.Inputs.Mappable(),
		}
	}
	return args.Name, args.Inputs, nil
}

func (recorder) Call(pulumi.MockCallArgs) (resource.PropertyMap, error) { return nil, nil }

func main() {
	releases := recorder{}
	// One after the other, for the recorder has no lock.
	for _, program := range []pulumi.RunFunc{fromRepository, fromFolder} {
		if err := pulumi.RunErr(program, pulumi.WithMocks("project", "stack", releases)); err != nil {
			log.Fatal(err)
		}
	}
	of, err := sources()
	if err != nil {
		log.Fatal(err)
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	if err := out.Encode(map[string]any{"madeOf": of, "releases": releases}); err != nil {
		log.Fatal(err)
	}
}

// sources are the SHA-256 sums of all that the output depends on, by file.
func sources() (map[string]string, error) {
	of := map[string]string{}
	for _, file := range []string{"main.go", "go.mod", "go.sum"} {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		of[file] = fmt.Sprintf("%x", sha256.Sum256(text))
	}
	return of, nil
}

func fromRepository(ctx *pulumi.Context) error {
	ns, err := corev1.NewNamespace(ctx, "ns", &corev1.NamespaceArgs{
		Metadata: &metav1.ObjectMetaArgs{Name: pulumi.String("istio-system")},
	})
	if err != nil {
		return err
	}
	_, err = helm.NewRelease(ctx, "from-repository", &helm.ReleaseArgs{
		Name:           pulumi.String("from-repository"),
		Namespace:      ns.Metadata.Name().Elem(),
		Chart:          pulumi.String("istiod"),
		Version:        pulumi.String("1.31.4"),
		RepositoryOpts: &helm.RepositoryOptsArgs{Repo: pulumi.String("https://charts.example")},
		Values: pulumi.Map{
			"global": pulumi.Any(map[string]any{"logAsJson": true, "proxy": map[string]any{"list": []any{"a", 1}}}),
			"count":  pulumi.Any(2),
		},
		Timeout: pulumi.Int(300),
		Atomic:  pulumi.Bool(true),
	})
	return err
}

func fromFolder(ctx *pulumi.Context) error {
	_, err := helm.NewRelease(ctx, "from-folder", &helm.ReleaseArgs{
		Name:      pulumi.String("from-folder"),
		Namespace: pulumi.String("istio-system"),
		Chart:     pulumi.String("../charts/base"),
		Values:    pulumi.Map{},
		Timeout:   pulumi.Int(10),
		Atomic:    pulumi.Bool(true),
	})
	return err
}
