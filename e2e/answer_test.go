//go:build e2e

package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"
)

// kubeconfig is one that kubectl prints, of which a case spoils a part.
type kubeconfig struct {
	APIVersion     string `json:"apiVersion"`
	Kind           string `json:"kind"`
	CurrentContext string `json:"current-context"`
	Clusters       []struct {
		Name    string         `json:"name"`
		Cluster map[string]any `json:"cluster"`
	} `json:"clusters"`
	Contexts []map[string]any `json:"contexts"`
	Users    []struct {
		Name string         `json:"name"`
		User map[string]any `json:"user"`
	} `json:"users"`
}

// errorsFit: each way in which a real API server is not there, or refuses, is told
// as what it is, with a next step that fits it and changes nothing of the stack.
func errorsFit(t *testing.T) {
	kubectl(t, "create", "serviceaccount", "nobody", "--namespace", "default")
	defer kubectl(t, "delete", "serviceaccount", "nobody", "--namespace", "default")
	token := strings.TrimSpace(kubectl(t, "create", "token", "nobody", "--namespace", "default"))
	for _, c := range []struct {
		name  string
		spoil func(cluster, user map[string]any)
		want  []string
	}{
		{"nobody listens there", func(cluster, _ map[string]any) { cluster["server"] = "https://127.0.0.1:1" },
			[]string{"connection refused", "is the cluster up, and is it the one that is meant?"}},
		{"another cluster's certificate", func(cluster, _ map[string]any) { cluster["certificate-authority-data"] = anotherAuthority(t) },
			[]string{"certificate signed by unknown authority", "fetch its kubeconfig again"}},
		{"a token that has run out", func(_, user map[string]any) { clear(user); user["token"] = "not.a.token" },
			[]string{"answered 401", "log in to the cluster again"}},
		{"nobody without any right", func(_, user map[string]any) { clear(user); user["token"] = token },
			[]string{"answered 403", `cannot get resource "namespaces"`, "ask who runs the cluster for the right that is named"}},
		{"no API server", func(cluster, _ map[string]any) { cluster["server"] = "http://localhost:5000" },
			[]string{"the server in the kubeconfig is no Kubernetes API server"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var k kubeconfig
			decode(t, kubectl(t, "config", "view", "--raw", "--flatten", "--minify", "-o", "json"), &k)
			c.spoil(k.Clusters[0].Cluster, k.Users[0].User)
			text, err := json.Marshal(k)
			if err != nil {
				t.Fatal(err)
			}
			refused(t, append([]string{"env", "KUBECONFIG=" + write(t, "kubeconfig", text)}, upWith()...), c.want...)
		})
	}
	t.Run("a context that is not there", func(t *testing.T) {
		pulumi(t, "config", "set", "kubernetes:context", "nowhere")
		defer pulumi(t, "config", "rm", "kubernetes:context")
		refused(t, upWith(), `context "nowhere" does not exist`)
	})
}

// anotherAuthority is a certificate authority that has signed nothing.
func anotherAuthority(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
