package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// create makes the bridge. The route to the services matters: without any, the
// API server's calls to webhooks fail with "network is unreachable" before
// kube-proxy's rules could redirect them.
func (n Network) create() error {
	for _, args := range []string{
		"link set lo up",
		"link add name " + n.Bridge + " type bridge",
		"address add " + n.BridgeCIDR + " dev " + n.Bridge,
		"link set " + n.Bridge + " up",
		"route add " + n.ServiceCIDR + " dev " + n.Bridge,
	} {
		out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("making the lab's network with `ip %s`: %w: %s", args, err, strings.TrimSpace(string(out)))
		}
	}
	// Of this namespace only.
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0); err != nil {
		return fmt.Errorf("switching on forwarding in the lab's network: %w", err)
	}
	return nil
}
