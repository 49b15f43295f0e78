package main

import (
	"encoding/json"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/golden"
)

// onCluster runs the program as a user of a cluster.
func onCluster(t *testing.T, refused []string, args ...string) (exit int, stdout, stderr string) {
	t.Helper()
	t.Setenv("KUBECONFIG", clusterOf(t, apiServer(t, refused...)))
	var out, errs strings.Builder
	exit = Main(append([]string{"observe"}, args...), &out, &errs)
	return exit, out.String(), errs.String()
}

func TestRulesOfAClusterAreLinted(t *testing.T) {
	for _, format := range []string{"text", "json", "junit", "sarif", "github"} {
		t.Run(format, func(t *testing.T) {
			exit, stdout, stderr := onCluster(t, nil, "lint", "--cluster", "-A", "-o", format)
			if exit != exitDiffers || stderr != "" {
				t.Errorf("exit code %d, stderr %q", exit, stderr)
			}
			golden.Check(t, "lint-cluster."+format, stdout)
		})
	}
}

func TestWhatMayNotBeReadOfAClusterIsSaid(t *testing.T) {
	tests := []struct {
		name           string
		refused, args  []string
		exit           int
		stdout, stderr []string
	}{
		{"one namespace of all", []string{"destinationrules/*", "destinationrules/web"}, []string{"-A", "--as", "dev"}, exitDiffers,
			[]string{"all namespaces, 3 outlierDetections: 1 error"}, []string{`not known: listing destinationrules in namespace "web": destinationrules is forbidden: User "dev" cannot list resource "destinationrules/web"`}},
		{"endpoints", []string{"endpointslices/shop"}, []string{"-n", "shop"}, exitAgrees,
			[]string{"lets no pod go where there are fewer than 3", "namespace shop, 2 outlierDetections: 0 errors"}, []string{`not known: listing endpointslices in namespace "shop": `}},
		{"strictly", []string{"endpointslices/shop"}, []string{"-n", "shop", "--strict"}, exitDiffers, nil, nil},
		{"the context's namespace", nil, nil, exitAgrees, []string{"namespace default, 0 outlierDetections"}, nil},
		{"nothing", []string{"destinationrules/*", "destinationrules/shop"}, []string{"-n", "shop"}, exitFailed, nil,
			[]string{`observe: reading the cluster: listing destinationrules of all namespaces: `, `in namespace "shop": destinationrules is forbidden`, "hint: ask for the verb list on destinationrules: `kubectl auth can-i list"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			exit, stdout, stderr := onCluster(t, tt.refused, append([]string{"lint", "--cluster"}, tt.args...)...)
			if exit != tt.exit {
				t.Errorf("exit code %d, want %d", exit, tt.exit)
			}
			contains(t, stdout, tt.stdout)
			contains(t, stderr, tt.stderr)
			if len(tt.stderr) == 0 && stderr != "" && tt.refused == nil {
				t.Errorf("stderr is %q", stderr)
			}
		})
	}
}

func contains(t *testing.T, text string, all []string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(text, want) {
			t.Errorf("got\n%s\nwant %q in it", text, want)
		}
	}
}

func TestWhatACallerHasIsExplained(t *testing.T) {
	for name, args := range map[string][]string{
		"explain-service.txt": {"cart.shop", "--from", "ns/default"}, "explain-default.txt": {"cart.shop", "--from", "namespace/web"},
	} {
		t.Run(name, func(t *testing.T) {
			exit, stdout, stderr := onCluster(t, nil, append([]string{"explain", "--service"}, args...)...)
			if exit != exitAgrees || stderr != "" {
				t.Errorf("exit code %d, stderr %q", exit, stderr)
			}
			golden.Check(t, name, stdout)
		})
	}
}

func TestAnExplanationOfAServiceIsForMachinesToo(t *testing.T) {
	exit, stdout, _ := onCluster(t, []string{"endpointslices/shop"}, "explain", "--service", "cart", "-n", "shop", "--json")
	var got struct {
		Service, Caller string
		Has             []struct {
			Ports       []int
			Pods        int
			Fields      []struct{ Name, Value string }
			Explanation any
			Unexplained string
		}
		NotKnown []string
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || exit != exitAgrees {
		t.Fatalf("exit code %d, %v", exit, err)
	}
	if got.Service != "cart.shop.svc.cluster.local" || len(got.Has) != 1 || got.Has[0].Fields[1].Value != "10" || got.Has[0].Explanation != nil || !strings.Contains(got.Has[0].Unexplained, "--pods") || len(got.NotKnown) != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestAServiceThatIsNotThereIsNamed(t *testing.T) {
	exit, _, stderr := onCluster(t, nil, "explain", "--service", "basket.shop")
	if exit != exitFailed {
		t.Errorf("exit code %d", exit)
	}
	contains(t, stderr, []string{`observe: reading the cluster: finding the service "basket": there is none in namespace "shop"`, "hint: write NAME.NAMESPACE"})
}
