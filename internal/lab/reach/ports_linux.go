package reach

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Port is a TCP port on which a process listens.
type Port struct {
	Address netip.AddrPort // where this network's loopback has it
	PID     int            // a process that holds the socket
}

// Ports lists, by number, the ports of the caller's network that some of the
// processes listen on and that loopback reaches, each once.
func Ports(pids []int) ([]Port, error) {
	sockets, err := listening()
	if err != nil {
		return nil, err
	}
	return held(sockets, pids), nil
}

// socket is a listening socket that loopback reaches.
type socket struct {
	address netip.AddrPort
	inode   string
}

// listening lists those of this thread's network (see network.In), in a stable
// order: by port, IPv4 before IPv6.
func listening() ([]socket, error) {
	var all []socket
	for _, file := range []string{"/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6"} {
		f, err := os.Open(file)
		if errors.Is(err, os.ErrNotExist) && strings.HasSuffix(file, "6") { // a kernel without IPv6
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("listing sockets: %w", err)
		}
		sockets, err := parseSockets(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("listing sockets of %q: %w", file, err)
		}
		all = append(all, sockets...)
	}
	slices.SortStableFunc(all, func(a, b socket) int { return int(a.address.Port()) - int(b.address.Port()) })
	return all, nil
}

// parseSockets reads /proc/PID/net/tcp or tcp6 (proc(5)): a line of titles, then
// one for each socket, with its local address, state and inode as second, fourth
// and tenth field. 0A is "listens".
func parseSockets(r io.Reader) ([]socket, error) {
	var sockets []socket
	lines := bufio.NewScanner(r)
	lines.Scan()
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 10 {
			return nil, fmt.Errorf("a line has only %d fields: %q", len(f), lines.Text())
		}
		if f[3] != "0A" {
			continue
		}
		address, err := parseAddress(f[1])
		if err != nil {
			return nil, err
		}
		if local, ok := overLoopback(address); ok {
			sockets = append(sockets, socket{local, f[9]})
		}
	}
	return sockets, lines.Err()
}

// parseAddress reads an address as the kernel prints it: words of 32 bits in
// the machine's byte order, and the port.
func parseAddress(text string) (netip.AddrPort, error) {
	host, port, _ := strings.Cut(text, ":")
	words, err := hex.DecodeString(host)
	number, errPort := strconv.ParseUint(port, 16, 16)
	if err = errors.Join(err, errPort); err != nil || len(words)%4 != 0 {
		return netip.AddrPort{}, fmt.Errorf("%q is no address: %w", text, errors.Join(err, os.ErrInvalid))
	}
	for i := 0; i < len(words); i += 4 {
		binary.BigEndian.PutUint32(words[i:], binary.NativeEndian.Uint32(words[i:]))
	}
	ip, ok := netip.AddrFromSlice(words)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("%q is no address: %w", text, os.ErrInvalid)
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(number)), nil
}

// overLoopback is the address to dial for a socket that listens at address;
// false where loopback does not reach it.
func overLoopback(address netip.AddrPort) (netip.AddrPort, bool) {
	switch ip := address.Addr(); {
	case ip.IsLoopback():
		return address, true
	case ip == netip.IPv4Unspecified():
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), address.Port()), true
	case ip == netip.IPv6Unspecified():
		return netip.AddrPortFrom(netip.IPv6Loopback(), address.Port()), true
	}
	return netip.AddrPort{}, false
}

// held picks the first socket of each port that one of the processes holds.
func held(sockets []socket, pids []int) []Port {
	holders := map[string]int{}
	for _, pid := range pids {
		dir := filepath.Join("/proc", strconv.Itoa(pid), "fd")
		files, err := os.ReadDir(dir)
		if err != nil {
			continue // it has ended
		}
		for _, file := range files {
			target, err := os.Readlink(filepath.Join(dir, file.Name()))
			if inode, ok := strings.CutPrefix(target, "socket:["); err == nil && ok {
				holders[strings.TrimSuffix(inode, "]")] = pid
			}
		}
	}
	var ports []Port
	for _, s := range sockets {
		if pid, ok := holders[s.inode]; ok && (len(ports) == 0 || ports[len(ports)-1].Address.Port() != s.address.Port()) {
			ports = append(ports, Port{s.address, pid})
		}
	}
	return ports
}
