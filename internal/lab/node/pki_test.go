package node

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"slices"
	"testing"
	"time"
)

// authority reads the certificate authority that Write made in dir.
func authority(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	content, err := os.ReadFile(dir + "/pki/ca.crt")
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		t.Fatal("ca.crt holds no certificate")
	}
	return pool
}

func TestCertificatesAreGoodForWhatTheyAreMadeFor(t *testing.T) {
	dir := t.TempDir()
	if _, err := Write(paths(dir), start); err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	if _, err := Write(paths(other), start); err != nil {
		t.Fatal(err)
	}
	server, client := x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth
	tests := []struct {
		name  string
		file  string
		host  string
		usage x509.ExtKeyUsage
		at    time.Time
		roots string // folder
		good  bool
	}{
		{"API server by its address on the node", "apiserver", Address, server, start, dir, true},
		{"API server as pods see it", "apiserver", FirstService, server, start, dir, true},
		{"API server by its name in the cluster", "apiserver", "kubernetes.default.svc", server, start, dir, true},
		{"API server on this machine", "apiserver", "127.0.0.1", server, start, dir, true},
		{"API server by another name", "apiserver", "example.org", server, start, dir, false},
		{"API server as a client", "apiserver", "", client, start, dir, false},
		{"administrator", "admin", "", client, start, dir, true},
		{"administrator as a server", "admin", "", server, start, dir, false},
		{"administrator with a clock that is half an hour late", "admin", "", client, start.Add(-30 * time.Minute), dir, true},
		{"administrator after half a year", "admin", "", client, start.Add(4400 * time.Hour), dir, true},
		{"administrator after more than a year", "admin", "", client, start.Add(validity + time.Hour), dir, false},
		{"administrator of another lab", "admin", "", client, start, other, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// Also proves that the key belongs to the certificate.
			pair, err := tls.LoadX509KeyPair(dir+"/pki/"+tt.file+".crt", dir+"/pki/"+tt.file+".key")
			if err != nil {
				t.Fatal(err)
			}
			_, err = pair.Leaf.Verify(x509.VerifyOptions{
				DNSName: tt.host, Roots: authority(t, tt.roots), CurrentTime: tt.at, KeyUsages: []x509.ExtKeyUsage{tt.usage},
			})
			if good := err == nil; good != tt.good {
				t.Errorf("verified: %v, want it to be good: %v", err, tt.good)
			}
		})
	}
}

func TestTheAdministratorMayDoEverythingAndKeysAreSecret(t *testing.T) {
	dir := t.TempDir()
	if _, err := Write(paths(dir), start); err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(dir+"/pki/admin.crt", dir+"/pki/admin.key")
	if err != nil {
		t.Fatal(err)
	}
	if got := pair.Leaf.Subject.Organization; !slices.Equal(got, []string{"system:masters"}) {
		t.Errorf("groups: got %q", got)
	}
	secret := append(below(t, dir+"/pki"), dir+"/kubeconfig")
	if len(secret) != 9 {
		t.Errorf("got %q, want four pairs and the kubeconfig", secret)
	}
	for _, file := range secret {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got %v and %v, want only its owner to read it", file, info.Mode(), err)
		}
	}
}

// The API server verifies service account tokens by this certificate's key.
func TestServiceAccountTokensAreSignedByAnECDSAKey(t *testing.T) {
	dir := t.TempDir()
	if _, err := Write(paths(dir), start); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(dir + "/pki/service-account.key")
	if err != nil {
		t.Fatal(err)
	}
	block, rest := pem.Decode(content)
	if block == nil || block.Type != "EC PRIVATE KEY" || len(rest) > 0 {
		t.Fatalf("got %v and %q", block, rest)
	}
	key, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(dir+"/pki/service-account.crt", dir+"/pki/service-account.key")
	if err != nil {
		t.Fatal(err)
	}
	if public, ok := pair.Leaf.PublicKey.(*ecdsa.PublicKey); !ok || !key.PublicKey.Equal(public) {
		t.Error("key and certificate differ")
	}
}
