package pulumitest_test

import (
	"errors"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/pulumitest"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// thing is a resource with one output.
type thing struct {
	pulumi.CustomResourceState
	Shade pulumi.StringOutput `pulumi:"shade"`
}

// twoThings registers "first" and, depending on it, "second" with its shade.
func twoThings(ctx *pulumi.Context) error {
	var first, second thing
	inputs := pulumi.Map{"shade": pulumi.String("red"), "list": pulumi.Array{pulumi.Map{"n": pulumi.Int(7)}}}
	if err := ctx.RegisterResource("test:index:Thing", "first", inputs, &first); err != nil {
		return err
	}
	return ctx.RegisterResource("test:index:Thing", "second", pulumi.Map{"shade": first.Shade}, &second,
		pulumi.DependsOn([]pulumi.Resource{&first}), pulumi.Version("1.2.3"))
}

func TestEngineRecordsWholeRegistrations(t *testing.T) {
	var e pulumitest.Engine
	if err := e.Run("project", "stack", false, twoThings); err != nil {
		t.Fatalf("running: %v", err)
	}
	if diff := cmp.Diff([]string{"test:index:Thing first", "test:index:Thing second"}, e.Keys()); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	first, second := e.Resource(t, "test:index:Thing", "first"), e.Resource(t, "test:index:Thing", "second")
	if got := first.Input("list", 0, "n"); got != 7.0 {
		t.Errorf("input list[0].n = %v, want 7", got)
	}
	for _, path := range [][]any{{"none"}, {"list", 1}, {"list", -1}, {"shade", "deeper"}} {
		if got := first.Input(path...); got != nil {
			t.Errorf("input %v = %v, want nothing", path, got)
		}
	}
	if got := second.Input("shade"); got != "red" {
		t.Errorf("second's shade = %v, want that of the first", got)
	}
	if diff := cmp.Diff([]string{"first"}, second.DependsOn()); diff != "" {
		t.Errorf("dependencies (-want +got):\n%s", diff)
	}
	if got := second.RegisterRPC.GetVersion(); got != "1.2.3" {
		t.Errorf("version = %q, want 1.2.3", got)
	}
	if got, want := string(second.JSON(t)), "{\n  \"shade\": \"red\"\n}\n"; got != want {
		t.Errorf("JSON = %q, want %q", got, want)
	}
}

func TestEngineFailsTheChosenResourceOnly(t *testing.T) {
	e := pulumitest.Engine{Fail: func(_, name string) error {
		if name == "second" {
			return errors.New("no room")
		}
		return nil
	}}
	err := e.Run("project", "stack", false, twoThings)
	if err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("running: %v, want the provider's answer", err)
	}
	if len(e.Keys()) != 2 {
		t.Errorf("registered %v, want both", e.Keys())
	}
}

func TestEngineAddsOutputs(t *testing.T) {
	e := pulumitest.Engine{Outputs: func(args pulumi.MockResourceArgs) resource.PropertyMap {
		return resource.PropertyMap{"shade": resource.NewProperty("blue " + args.Name)}
	}}
	if err := e.Run("project", "stack", false, twoThings); err != nil {
		t.Fatalf("running: %v", err)
	}
	if got := e.Resource(t, "test:index:Thing", "second").Input("shade"); got != "blue first" {
		t.Errorf("second's shade = %v, want the first's output", got)
	}
}

func TestEngineTellsPreviewFromUpdate(t *testing.T) {
	for _, want := range []bool{true, false} {
		var e pulumitest.Engine
		var got bool
		if err := e.Run("project", "stack", want, func(ctx *pulumi.Context) error {
			got = ctx.DryRun()
			return nil
		}); err != nil {
			t.Fatalf("running: %v", err)
		}
		if got != want {
			t.Errorf("dry run = %v, want %v", got, want)
		}
	}
}

func TestEngineAnswersNoCalls(t *testing.T) {
	var e pulumitest.Engine
	_, err := e.Call(pulumi.MockCallArgs{Token: "test:index:look"})
	if err == nil || err.Error() != `calling "test:index:look": this engine answers no calls` {
		t.Errorf("calling: %v", err)
	}
}
