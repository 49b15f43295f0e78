package sandbox

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"istio-circuit-breaker/internal/wait"
)

// create makes what is in the network.
func (n Network) create() error {
	if n.Uplink != nil && !n.Uplink.Bridge {
		err := wait.For(context.Background(), "interface "+n.Uplink.Device, 10*time.Second, 10*time.Millisecond, func(context.Context) error {
			_, err := net.InterfaceByName(n.Uplink.Device)
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, args := range n.Commands() {
		if err := ip(args); err != nil {
			return fmt.Errorf("making the lab's network with %w", err)
		}
	}
	return forward()
}

// ip runs a command of iproute2.
func ip(args []string) error {
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("`%s`: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// join gives the sandbox of process pid its end of the pair. An end that is
// left of a sandbox before it goes away with that, but not at once.
func (j Joint) join(pid int) error {
	_ = ip([]string{"ip", "link", "delete", j.Port}) // mostly there is none
	for _, args := range j.Commands(strconv.Itoa(pid)) {
		if err := ip(args); err != nil {
			return fmt.Errorf("joining it to the lab's network with %w", err)
		}
	}
	return nil
}

// forward switches forwarding on, in this namespace only.
func forward() error {
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0); err != nil {
		return fmt.Errorf("switching on forwarding in the lab's network: %w", err)
	}
	return nil
}
