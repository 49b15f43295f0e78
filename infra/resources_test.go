package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// crdKeys are the keys of CRD registrations.
func crdKeys(names ...string) []string {
	var keys []string
	for _, n := range names {
		keys = append(keys, typeCRD+" "+n)
	}
	return keys
}

// everything is what an update with the defaults registers.
func everything() []string {
	return slices.Sorted(slices.Values(append(crdKeys("destinationrules.networking.istio.io", "sidecars.networking.istio.io"),
		typeImage+" servicex",
		typeDeployment+" servicex", typeDeployment+" servicex-client", typeDeployment+" servicex-error",
		typeNamespace+" circuit-breaker", typeNamespace+" istio-system",
		typeService+" servicex-service",
		policyType+" "+policyName, bindingType+" "+policyName,
		releaseType+" istio-base", releaseType+" istiod",
		typeRule+" servicex-service",
		typeStash+" crds-before", typeStash+" identity",
		typeComponent+"Application application", typeComponent+"Breaker breaker", typeComponent+"Image image", typeComponent+"Mesh mesh",
	)))
}

func without(keys []string, drop ...string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(k string) bool {
		return slices.ContainsFunc(drop, func(d string) bool { return strings.Contains(k, d) })
	})
}

func TestWhatIsMadeFollowsTheConfiguration(t *testing.T) {
	mesh := []string{releaseType, typeCRD, "istio-system", "crds-before", policyName, " mesh"}
	for name, c := range map[string]struct {
		settings settings
		want     []string
	}{
		"everything by default":              {nil, everything()},
		"no Docker with an image at hand":    {settings{"image.reference": "you/servicex@" + digest, "image.repository": "unset"}, without(everything(), typeImage)},
		"the image at hand wins":             {settings{"image.reference": "you/servicex@" + digest}, without(everything(), typeImage)},
		"nothing of Istio with a mesh there": {settings{"istio.install": "false"}, without(everything(), mesh...)},
		"no client":                          {settings{"client.enabled": "false"}, without(everything(), "servicex-client")},
		"the rule also without detection":    {settings{"outlier.enabled": "false"}, everything()},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, up(t, c.settings).engine.Keys()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOrderFollowsRealDependencies(t *testing.T) {
	r := up(t, nil)
	ready := []string{"circuit-breaker", "identity", "istiod"}
	deployment := slices.Sorted(slices.Values(append([]string{"servicex"}, ready...)))
	for key, want := range map[string][]string{
		typeImage + " servicex":                   nil,
		typeNamespace + " istio-system":           {"identity"},
		typeNamespace + " circuit-breaker":        {"identity"},
		policyType + " " + policyName:             {"identity", "istio-system"},
		releaseType + " istio-base":               {"istio-system"},
		typeCRD + " sidecars.networking.istio.io": {"identity", "istio-base"},
		releaseType + " istiod":                   {"istio-base", policyName, "istio-system"}, // not the care for the CRDs
		typeDeployment + " servicex":              deployment,
		typeDeployment + " servicex-error":        deployment,
		typeDeployment + " servicex-client":       deployment,
		typeService + " servicex-service":         {"circuit-breaker", "identity"},
		typeRule + " servicex-service":            {"circuit-breaker", "destinationrules.networking.istio.io", "identity", "istio-base", "istiod", "sidecars.networking.istio.io"},
	} {
		typ, name, _ := strings.Cut(key, " ")
		if diff := cmp.Diff(want, r.engine.Resource(t, typ, name).DependsOn()); diff != "" {
			t.Errorf("%s depends on (-want +got):\n%s", key, diff)
		}
	}
}

func TestEveryFailureReachesTheCaller(t *testing.T) {
	existing := settings{"namespace": "default"}
	cases := map[string]settings{}
	for _, key := range everything() {
		cases[key] = nil
	}
	cases[typePatch+" default"] = existing
	cases[typeConfigMap+" "+rootCert], cases[typeConfigMap+" "+crl] = existing, existing
	cases[typeConfigMap+" shop/"+crl] = nil
	for _, key := range slices.Sorted(maps.Keys(cases)) {
		t.Run(key, func(t *testing.T) {
			shops := strings.Contains(key, "shop/") // where there are no policies
			r := &run{settings: cases[key], api: &fakeAPI{noPolicies: shops, namespaces: map[string]map[string]string{"default": nil, "shop": {injectionLabel: "enabled"}}}}
			failed := false
			r.engine.Fail = func(typ, name string) error {
				if typ+" "+name != key {
					return nil
				}
				failed = true
				return fmt.Errorf("the provider refuses %s", name)
			}
			err := r.start(t)
			_, name, _ := strings.Cut(key, " ")
			if !failed || err == nil || !strings.Contains(err.Error(), "the provider refuses "+name) {
				t.Errorf("asked: %v; running: %v; want the provider's answer", failed, err)
			}
		})
	}
}

func TestAllObjectsSayWhatTheyArePartOf(t *testing.T) {
	for _, r := range up(t, nil).engine.All() {
		switch r.TypeToken {
		case typeImage, releaseType, typeStash: // no object, many objects, in the state alone
		default:
			if !r.Custom {
				continue // a component
			}
			wanted := map[string]any{partOfLabel: partOf, identityLabel: "identity"}
			if strings.HasSuffix(r.TypeToken, ":CustomResourceDefinition") {
				wanted[partOfLabel] = nil // the chart's
			}
			for label, want := range wanted {
				if got := r.Input("metadata", "labels", label); got != want {
					t.Errorf("%s has label %s=%v, want %v", r.Key(), label, got, want)
				}
			}
		}
	}
}

func TestProviderVersionIsTheSameForAllKubernetesResources(t *testing.T) {
	versions := map[string][]string{}
	for _, r := range up(t, nil).engine.All() {
		if strings.HasPrefix(r.TypeToken, "kubernetes:") {
			v := r.RegisterRPC.GetVersion()
			versions[v] = append(versions[v], r.Key())
		}
	}
	if len(versions) != 1 || versions[""] != nil {
		t.Errorf("versions of the provider: %v, want one (each other one is another process)", versions)
	}
}
