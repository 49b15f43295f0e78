package reach

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"istio-circuit-breaker/internal/network"
)

// Follower opens on the host the ports that the processes of a command listen
// on in this process's network, which is the lab's.
type Follower struct {
	// Processes lists those of the command.
	Processes func() ([]int, error)
	// Host is the file of the host's network.
	Host string
	// Say tells the command's user what he would not expect.
	Say func(string)
	Log *slog.Logger
}

const (
	// look is the time between two looks at the sockets: no event tells of them.
	look = 250 * time.Millisecond
	// maxFollowed ports are open at once.
	maxFollowed = 64
)

// Follow works until the process of a pidfd (pidfd_open(2)) has ended, or ctx.
func (f Follower) Follow(ctx context.Context, command *os.File) error {
	ctx, stop := context.WithCancel(ctx)
	var relays sync.WaitGroup
	defer relays.Wait()
	defer stop()
	open := map[uint16]*followed{}
	var last []socket
	for {
		sockets, err := listening()
		if err != nil {
			return err
		}
		if !slices.Equal(sockets, last) {
			pids, err := f.Processes()
			if err != nil {
				return err
			}
			f.update(ctx, &relays, open, held(sockets, pids))
			last = sockets
		}
		if ended, err := ends(command, look); err != nil || ended || ctx.Err() != nil {
			return err
		}
	}
}

// ends waits, for at most limit, for the process of a pidfd to end.
func ends(command *os.File, limit time.Duration) (bool, error) {
	ready, err := unix.Poll([]unix.PollFd{{Fd: int32(command.Fd()), Events: unix.POLLIN}}, int(limit.Milliseconds()))
	if err != nil && err != unix.EINTR {
		return false, fmt.Errorf("waiting for the command to end: %w", err)
	}
	return ready > 0, nil
}

// followed is a port that is open on the host; its listener is nil where it
// could not be opened.
type followed struct {
	target   netip.AddrPort
	listener net.Listener
}

// update closes what is not wanted any more, and opens what is wanted now.
// Connections of a closed port go on until they end by themselves.
func (f Follower) update(ctx context.Context, relays *sync.WaitGroup, open map[uint16]*followed, wanted []Port) {
	targets := map[uint16]netip.AddrPort{}
	for _, port := range wanted {
		targets[port.Address.Port()] = port.Address
	}
	for number, o := range open {
		if targets[number] == o.target {
			continue
		}
		if o.listener != nil {
			o.listener.Close()
		}
		delete(open, number)
	}
	for _, port := range wanted {
		if open[port.Address.Port()] != nil {
			continue
		}
		if len(open) == maxFollowed {
			f.Log.Warn("not opening one more port on the host", "port", port.Address.Port(), "limit", maxFollowed)
			return
		}
		o := &followed{target: port.Address, listener: f.listen(ctx, port)}
		open[port.Address.Port()] = o
		if o.listener != nil {
			relays.Go(func() { Relay{Target: o.target.String(), Log: f.Log}.Serve(ctx, o.listener) })
		}
	}
}

// listen opens a port on the host: the same one, for which the address that the
// command itself prints is right, or else another one, of which the user is told.
func (f Follower) listen(ctx context.Context, port Port) net.Listener {
	address := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port.Address.Port()).String()
	listener, err := network.ListenIn(ctx, f.Host, address)
	if err == nil {
		return listener
	}
	listener, again := network.ListenIn(ctx, f.Host, "127.0.0.1:0")
	if again != nil {
		f.Say(fmt.Sprintf("port %d of process %d cannot be reached from outside of the lab: %v", port.Address.Port(), port.PID, again))
		return nil
	}
	f.Say(fmt.Sprintf("outside of the lab, port %d of process %d is at http://%s/, as %s cannot be used there: %v",
		port.Address.Port(), port.PID, listener.Addr(), address, err))
	return listener
}
