package node

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// validity of the lab's certificates; a lab that lives longer is taken down
// and up again.
const validity = 365 * 24 * time.Hour

// pairs are the certificates of a lab, each with its key.
var pairs = []string{"ca", "apiserver", "admin", "service-account"}

// Validity is when the certificates in dir begin and end to hold, all of them. An
// error says that one or its key is not there, or cannot be read.
func Validity(dir string) (from, to time.Time, err error) {
	for i, name := range pairs {
		pair, err := tls.LoadX509KeyPair(filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key"))
		if err != nil {
			return from, to, fmt.Errorf("reading the certificate of %q: %w", name, err)
		}
		if i == 0 || pair.Leaf.NotBefore.After(from) {
			from = pair.Leaf.NotBefore
		}
		if i == 0 || pair.Leaf.NotAfter.Before(to) {
			to = pair.Leaf.NotAfter
		}
	}
	return from, to, nil
}

// writePKI makes a certificate authority, the API server's certificate, an
// administrator's, and the key that signs service account tokens, in dir.
// All parts of the control plane act as the administrator: the lab is one
// machine's own, and has no second user to tell apart.
func writePKI(dir string, now time.Time) error {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("making the certificate authority's key: %w", err)
	}
	ca := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "istio-circuit-breaker-lab"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(validity),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	if err := writePair(dir, "ca", ca, ca, caKey, caKey); err != nil {
		return err
	}
	leaves := map[string]*x509.Certificate{
		"apiserver": {
			SerialNumber: big.NewInt(2),
			Subject:      pkix.Name{CommonName: "kube-apiserver"},
			ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
			DNSNames:     []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + Domain},
			IPAddresses:  []net.IP{net.ParseIP("127.0.0.1"), net.ParseIP(Address), net.ParseIP(FirstService)},
		},
		"admin": {
			SerialNumber: big.NewInt(3),
			// The group that RBAC lets do everything.
			Subject:     pkix.Name{CommonName: "admin", Organization: []string{"system:masters"}},
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		},
		"service-account": {SerialNumber: big.NewInt(4), Subject: pkix.Name{CommonName: "service-account"}},
	}
	for name, leaf := range leaves {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return fmt.Errorf("making the key of %q: %w", name, err)
		}
		leaf.NotBefore, leaf.NotAfter = ca.NotBefore, ca.NotAfter
		leaf.KeyUsage = x509.KeyUsageDigitalSignature
		if err := writePair(dir, name, leaf, ca, key, caKey); err != nil {
			return err
		}
	}
	return nil
}

// writePair writes NAME.crt and NAME.key.
func writePair(dir, name string, cert, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) error {
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, key.Public(), signer)
	if err != nil {
		return fmt.Errorf("signing the certificate of %q: %w", name, err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("encoding the key of %q: %w", name, err)
	}
	for file, block := range map[string]*pem.Block{
		name + ".crt": {Type: "CERTIFICATE", Bytes: der},
		name + ".key": {Type: "EC PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			return fmt.Errorf("writing the certificate of %q: %w", name, err)
		}
	}
	return nil
}
