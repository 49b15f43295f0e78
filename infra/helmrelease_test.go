package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"istio-circuit-breaker/internal/pulumitest"

	"github.com/google/go-cmp/cmp"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// twoReleases registers, by our constructor, what testdata/sdkrelease registers
// by the SDK's.
func twoReleases(ctx *pulumi.Context) error {
	ns, err := corev1.NewNamespace(ctx, "ns", &corev1.NamespaceArgs{
		Metadata: &metav1.ObjectMetaArgs{Name: pulumi.String("istio-system")},
	})
	if err != nil {
		return err
	}
	if _, err := newRelease(ctx, releaseArgs{
		Name: "from-repository", Namespace: ns.Metadata.Name().Elem(), Chart: "istiod", Version: "1.31.4",
		Repo: "https://charts.example",
		Values: toMap(map[string]any{
			"global": map[string]any{"logAsJson": true, "proxy": map[string]any{"list": []any{"a", 1}}}, "count": 2,
		}),
		Timeout: 300, Atomic: true,
	}); err != nil {
		return err
	}
	_, err = newRelease(ctx, releaseArgs{
		Name: "from-folder", Namespace: pulumi.String("istio-system"), Chart: "../charts/base", Values: pulumi.Map{},
		Timeout: 10, Atomic: true,
	})
	return err
}

func TestReleaseRegistersWhatTheSDKsOwnDoes(t *testing.T) {
	text, err := os.ReadFile("testdata/sdkrelease/releases.json")
	if err != nil {
		t.Fatalf("%v (see testdata/sdkrelease/main.go)", err)
	}
	var want struct {
		MadeOf   map[string]string
		Releases map[string]any
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	for file, sum := range want.MadeOf {
		if text, err := os.ReadFile("testdata/sdkrelease/" + file); err != nil || fmt.Sprintf("%x", sha256.Sum256(text)) != sum {
			t.Errorf("releases.json was made of another %s (%v): run `make golden`", file, err)
		}
	}
	if len(want.MadeOf) != 3 {
		t.Errorf("releases.json was made of %v, want main.go, go.mod and go.sum", want.MadeOf)
	}
	var engine pulumitest.Engine
	if err := engine.Run("project", "stack", false, twoReleases); err != nil {
		t.Fatalf("registering: %v", err)
	}
	got := map[string]any{}
	for _, name := range []string{"from-repository", "from-folder"} {
		r := engine.Resource(t, releaseType, name)
		got[name] = map[string]any{
			"type": r.TypeToken, "version": r.RegisterRPC.GetVersion(),
			"dependencies": plain(t, r.RegisterRPC.GetDependencies()), "inputs": plain(t, r.Input()),
		}
	}
	if diff := cmp.Diff(want.Releases, got); diff != "" {
		t.Errorf("(-SDK +ours):\n%s", diff)
	}
}

// plain is v as JSON would have it.
func plain(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
