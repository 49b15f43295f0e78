package kube

import (
	"encoding/json"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestHowTheServiceIsDeclaredIsLookedAt(t *testing.T) {
	tests := []struct {
		name, spec string
		want       []string
	}{
		{"the stack's", `{"clusterIP":"10.0.0.1","ports":[{"name":"http","port":80}]}`, nil},
		{"named as TCP", `{"ports":[{"name":"tcp-web","port":80}]}`, []string{"not-http"}},
		{"declared as TCP, whatever its name", `{"ports":[{"name":"http","appProtocol":"tcp","port":80}]}`, []string{"not-http"}},
		{"HTTP, whatever its name", `{"ports":[{"name":"tcp","appProtocol":"http","port":80}]}`, nil},
		{"no protocol that is known: the sidecar finds it out", `{"ports":[{"name":"web","port":80}]}`, nil},
		{"another port's protocol", `{"ports":[{"name":"http","port":80},{"name":"tcp","port":90}]}`, nil},
		{"headless", `{"clusterIP":"None","ports":[{"name":"http","port":80}]}`, []string{"bypasses-sidecar"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var s corev1.Service
			if err := json.Unmarshal([]byte(tt.spec), &s.Spec); err != nil {
				t.Fatal(err)
			}
			if got := codes(serviceSymptoms(&s)); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
