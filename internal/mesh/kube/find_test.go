package kube

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/hint"
)

func TestTheOnlyStackIsFoundAndOfSeveralOneIsToBeNamed(t *testing.T) {
	for name, tt := range map[string]struct {
		status    int
		of        []string
		want, err string
	}{
		"one":       {200, []string{"demo"}, "demo", ""},
		"none":      {200, nil, "circuit-breaker", ""},
		"forbidden": {403, nil, "circuit-breaker", ""},
		"several":   {200, []string{"two", "circuit-breaker"}, "", "circuit-breaker, two"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				query := r.URL.Query()
				if r.URL.Path != "/api/v1/services" || query.Get("labelSelector") != "app.kubernetes.io/part-of=istio-circuit-breaker" || query.Get("fieldSelector") != "metadata.name=servicex-service" {
					t.Errorf("asked for %s", r.URL)
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(tt.status)
				items := []any{}
				for _, namespace := range tt.of {
					items = append(items, map[string]any{"metadata": map[string]string{"name": "servicex-service", "namespace": namespace}})
				}
				json.NewEncoder(w).Encode(map[string]any{"kind": "ServiceList", "apiVersion": "v1", "items": items})
			}))
			defer server.Close()
			flags := Flags()
			*flags.APIServer = server.URL
			got, err := FindStack(t.Context(), flags)
			if got != tt.want || (err == nil) != (tt.err == "") || err != nil && (!strings.Contains(err.Error(), tt.err) || !strings.Contains(hint.Of(err), "--namespace")) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}
