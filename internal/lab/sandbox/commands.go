package sandbox

import "strings"

// Commands make what is in the network, in its namespace. The route to the
// services matters: without any, the API server's calls to webhooks fail with
// "network is unreachable" before kube-proxy's rules could redirect them.
func (n Network) Commands() [][]string {
	lines := []string{
		"link set lo up",
		"link add name " + n.Bridge + " type bridge",
		"address add " + n.BridgeCIDR + " dev " + n.Bridge,
		"link set " + n.Bridge + " up",
		"route add " + n.ServiceCIDR + " dev " + n.Bridge,
	}
	if u := n.Uplink; u != nil {
		if u.Bridge {
			lines = append(lines, "link add name "+u.Device+" type bridge")
		}
		lines = append(lines, "address add "+u.CIDR+" dev "+u.Device, "link set "+u.Device+" up")
	}
	for _, r := range n.Routes {
		lines = append(lines, "route add "+r.To+" via "+r.Via)
	}
	return ipCommands(lines)
}

// Commands join the network of a process to this one's.
func (j Joint) Commands(pid string) [][]string {
	return ipCommands([]string{
		"link add name " + j.Port + " type veth peer name " + j.Device + " netns " + pid,
		"link set " + j.Port + " master " + j.Bridge + " up",
	})
}

func ipCommands(lines []string) [][]string {
	var commands [][]string
	for _, line := range lines {
		commands = append(commands, strings.Fields("ip "+line))
	}
	return commands
}
