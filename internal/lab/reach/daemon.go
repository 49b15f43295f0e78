package reach

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
)

// firstInherited is the number of the first descriptor beyond stdin, stdout and
// stderr.
const firstInherited = 3

// Inherited relays the listening sockets that this process was started with, in
// their order to targets, until ctx ends.
func Inherited(ctx context.Context, targets []string, log *slog.Logger) error {
	var listeners []net.Listener
	for i, target := range targets {
		listener, err := inherited(firstInherited + i)
		if err != nil {
			return fmt.Errorf("taking the socket of what is relayed to %q: %w", target, err)
		}
		listeners = append(listeners, listener)
	}
	var relays sync.WaitGroup
	for i, target := range targets {
		relays.Go(func() { Relay{Target: target, Log: log}.Serve(ctx, listeners[i]) })
	}
	relays.Wait()
	return nil
}

func inherited(fd int) (net.Listener, error) {
	file := os.NewFile(uintptr(fd), "listener")
	defer file.Close() // the listener has a copy
	return net.FileListener(file)
}
