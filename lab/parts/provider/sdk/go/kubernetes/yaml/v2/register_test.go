package yaml

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
)

type engine map[string]resource.PropertyMap // by type and name

func (e engine) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	e[args.TypeToken+" "+args.Name] = args.Inputs
	return args.Name, args.Inputs, nil
}

func (engine) Call(pulumi.MockCallArgs) (resource.PropertyMap, error) { return nil, nil }

func TestAnyKindIsRegistered(t *testing.T) {
	for _, tt := range []struct{ apiVersion, kind, want string }{
		{"v1", "ConfigMap", "kubernetes:core/v1:ConfigMap"},
		{"apps/v1", "Deployment", "kubernetes:apps/v1:Deployment"},
		{"networking.istio.io/v1", "DestinationRule", "kubernetes:networking.istio.io/v1:DestinationRule"},
	} {
		got := engine{}
		err := pulumi.RunErr(func(ctx *pulumi.Context) error {
			_, err := RegisterResource(ctx, tt.apiVersion, tt.kind, "one", kubernetes.UntypedArgs{"apiVersion": tt.apiVersion})
			return err
		}, pulumi.WithMocks("project", "stack", got))
		if err != nil {
			t.Fatal(err)
		}
		if inputs := got[tt.want+" one"]; inputs["apiVersion"].V != tt.apiVersion {
			t.Errorf("of %s %s: got %v, want %q", tt.apiVersion, tt.kind, got, tt.want)
		}
	}
}
