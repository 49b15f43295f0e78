package sandbox

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Netlink's headers are in the machine's byte order, netfilter's values in the
// network's.
var (
	hostOrder    = binary.NativeEndian
	networkOrder = binary.BigEndian
)

// tryNetfilter sends one request to the kernel's netfilter and returns the
// error that it answers with. The kernel loads a missing module before that.
func tryNetfilter(kind uint16, attributes []byte) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	if err != nil {
		return fmt.Errorf("asking netfilter: %w", err)
	}
	defer unix.Close(fd)
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 10}); err != nil {
		return fmt.Errorf("asking netfilter: %w", err)
	}
	// struct nlmsghdr, then struct nfgenmsg: family, version, resource.
	body := append([]byte{unix.AF_INET, 0, 0, 0}, attributes...)
	message := hostOrder.AppendUint32(nil, uint32(unix.NLMSG_HDRLEN+len(body)))
	message = hostOrder.AppendUint16(message, kind)
	message = hostOrder.AppendUint16(message, unix.NLM_F_REQUEST|unix.NLM_F_ACK)
	message = hostOrder.AppendUint32(message, 1) // sequence
	message = hostOrder.AppendUint32(message, 0) // from: filled in by the kernel
	if err := unix.Sendto(fd, append(message, body...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("asking netfilter: %w", err)
	}
	answer := make([]byte, 8192)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return fmt.Errorf("reading netfilter's answer: %w", err)
	}
	return answerError(answer[:n])
}

// answerError is the error that a netlink message carries, if any.
func answerError(message []byte) error {
	if len(message) < unix.NLMSG_HDRLEN+4 {
		return errors.New("netfilter's answer is cut off")
	}
	if hostOrder.Uint16(message[4:]) != unix.NLMSG_ERROR {
		return nil
	}
	if code := int32(hostOrder.Uint32(message[unix.NLMSG_HDRLEN:])); code != 0 {
		return unix.Errno(-code)
	}
	return nil
}

// appendAttribute appends a struct nlattr with its value, padded to four bytes.
func appendAttribute(to []byte, kind uint16, value []byte) []byte {
	to = hostOrder.AppendUint16(to, uint16(4+len(value)))
	to = hostOrder.AppendUint16(to, kind)
	to = append(to, value...)
	for len(to)%4 != 0 {
		to = append(to, 0)
	}
	return to
}
