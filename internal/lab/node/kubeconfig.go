package node

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
)

// kubeconfig is for the node's network; it names the files of its keys.
func (p Paths) kubeconfig() string {
	server := APIServer
	if !p.first() {
		server = apiServerForNodes
	}
	return fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: lab
contexts: [{name: lab, context: {cluster: lab, user: lab}}]
clusters: [{name: lab, cluster: {server: "https://%s", certificate-authority: %q}}]
users: [{name: lab, user: {client-certificate: %q, client-key: %q}}]
`, server, p.pki("ca.crt"), p.pki("admin.crt"), p.pki("admin.key"))
}

// apiServerForNodes is where further nodes reach the API server.
const apiServerForNodes = Address + ":6443"

// Kubeconfig is for wherever the API server is reached at address. It holds the
// keys that are in the folder pki, so that it can be taken elsewhere, as to the
// other end of an SSH forward.
func Kubeconfig(pki, address string) (string, error) {
	var keys [3]string
	for i, name := range []string{"ca.crt", "admin.crt", "admin.key"} {
		data, err := os.ReadFile(filepath.Join(pki, name))
		if err != nil {
			return "", fmt.Errorf("reading the keys for a kubeconfig: %w", err)
		}
		keys[i] = base64.StdEncoding.EncodeToString(data)
	}
	return fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: lab
contexts: [{name: lab, context: {cluster: lab, user: lab}}]
clusters:
- name: lab
  cluster:
    server: https://%s
    certificate-authority-data: %s
users:
- name: lab
  user:
    client-certificate-data: %s
    client-key-data: %s
`, address, keys[0], keys[1], keys[2]), nil
}
