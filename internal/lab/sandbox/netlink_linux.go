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

// question is one message to netfilter.
type question struct {
	kind       uint16
	flags      uint16
	family     uint8
	resource   uint16 // of a batch's ends: the subsystem that it is for
	attributes []byte
}

// tryNetfilter sends one request to the kernel's netfilter and returns the
// error that it answers with. The kernel loads a missing module before that.
func tryNetfilter(kind uint16, attributes []byte) error {
	return askNetfilter([]question{{kind: kind, flags: unix.NLM_F_ACK, family: unix.AF_INET, attributes: attributes}})
}

// askNetfilter sends questions as one, and returns the first error among the answers:
// one to each that wants it.
func askNetfilter(questions []question) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	if err != nil {
		return fmt.Errorf("asking netfilter: %w", err)
	}
	defer unix.Close(fd)
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 10}); err != nil {
		return fmt.Errorf("asking netfilter: %w", err)
	}
	var all []byte
	wanted := 0
	for i, q := range questions {
		if all = q.append(all, uint32(i+1)); q.flags&unix.NLM_F_ACK != 0 {
			wanted++
		}
	}
	if err := unix.Sendto(fd, all, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("asking netfilter: %w", err)
	}
	for range wanted {
		answer := make([]byte, 8192)
		n, _, err := unix.Recvfrom(fd, answer, 0)
		if err != nil {
			return fmt.Errorf("reading netfilter's answer: %w", err)
		}
		if err := answerError(answer[:n]); err != nil {
			return err
		}
	}
	return nil
}

// append appends the message: struct nlmsghdr, then struct nfgenmsg (family, version,
// resource), then the attributes.
func (q question) append(to []byte, sequence uint32) []byte {
	to = hostOrder.AppendUint32(to, uint32(unix.NLMSG_HDRLEN+4+len(q.attributes)))
	to = hostOrder.AppendUint16(to, q.kind)
	to = hostOrder.AppendUint16(to, unix.NLM_F_REQUEST|q.flags)
	to = hostOrder.AppendUint32(to, sequence)
	to = hostOrder.AppendUint32(to, 0) // from: filled in by the kernel
	to = networkOrder.AppendUint16(append(to, q.family, 0), q.resource)
	return append(to, q.attributes...)
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
