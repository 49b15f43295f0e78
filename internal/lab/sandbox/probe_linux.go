package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// StartProbe runs `binary args...` in new namespaces, where it is expected to
// print what Probe says. It returns those lines; its error says that there can
// be no such namespaces.
func StartProbe(ctx context.Context, binary string, args []string) ([]string, error) {
	cmd := exec.CommandContext(ctx, binary, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces}
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("making namespaces: %w%s", err, strings.TrimRight("\n"+stderr.String(), "\n"))
	}
	return strings.FieldsFunc(stdout.String(), func(r rune) bool { return r == '\n' }), nil
}

// Probe tries what the lab asks of the kernel and lists what does not work. It
// has to run in namespaces of its own. Trying is the only sure way: a feature
// may be compiled in, loaded, or loaded at its first use. dirs are folders on
// the disks that images will be unpacked on.
func Probe(dirs ...string) []string {
	var lacks []string
	note := func(feature string, err error) {
		if err != nil {
			lacks = append(lacks, fmt.Sprintf("%s: %v", feature, err))
		}
	}
	note("bridges (bridge)", tryBridge())
	for _, dir := range slices.Compact(slices.Sorted(slices.Values(dirs))) {
		note("overlay file systems below "+dir+" (overlay)", tryOverlay(dir))
	}
	note("a /proc of its own with settings of its own", trySettings())
	note("the kernel's log, which the kubelet reads (/dev/kmsg)", tryRead("/dev/kmsg"))
	for _, command := range []string{"ip", "nsenter", "setsid", "ldd"} {
		_, err := exec.LookPath(command)
		note("the command "+command, err)
	}
	note("nf_tables (nf_tables)", tryNetfilter(nftGetGeneration, nil))
	note("nf_tables for IPv4, with NAT (nf_tables, nft_chain_nat)", tryTable(unix.NFPROTO_IPV4))
	// Those that kube-proxy's and Istio's rules are made of; NAT and connection
	// tracking come with them.
	for _, match := range []string{"conntrack", "addrtype", "owner", "statistic"} {
		note("iptables match "+match+" (xt_"+match+")", tryExtension(match, 0))
	}
	for _, target := range []string{"MASQUERADE", "DNAT", "REDIRECT", "MARK"} {
		note("iptables target "+target+" (xt_"+target+")", tryExtension(target, 1))
	}
	return lacks
}

func tryBridge() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	name, err := unix.NewIfreq("probe0")
	if err != nil {
		return err
	}
	return unix.IoctlIfreq(fd, unix.SIOCBRADDBR, name)
}

func tryOverlay(dir string) error {
	if err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	temp, err := os.MkdirTemp(dir, ".lab-probe-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	for _, name := range []string{"lower", "upper", "work", "merged"} {
		if err := os.Mkdir(filepath.Join(temp, name), 0o755); err != nil {
			return err
		}
	}
	merged := filepath.Join(temp, "merged")
	options := fmt.Sprintf("lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work", temp, temp, temp)
	if err := unix.Mount("overlay", merged, "overlay", 0, options); err != nil {
		return err
	}
	return unix.Unmount(merged, 0)
}

// trySettings does what the supervisor does to the kernel's settings, in the
// folder of none of the lab's files.
func trySettings() error {
	temp, err := os.MkdirTemp("", "lab-probe-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	if err := mountAll(Plan{Masks: temp}); err != nil {
		return err
	}
	return forward()
}

func tryRead(file string) error {
	f, err := os.OpenFile(file, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// Of linux/netfilter/nfnetlink.h, nf_tables.h and nf_tables_compat.h: message
// types, subsystem in the upper byte, and the attributes of the question
// whether a match or target of iptables is there.
const (
	nftGetGeneration = nftSubsystem<<8 | 16
	compatGet        = 11 << 8
	compatName       = 1
	compatRevision   = 2
	compatType       = 3
)

// Of nfnetlink.h and nf_tables.h: messages that make tables and chains come in a
// batch, and their attributes.
const (
	batchBegin   = 16
	batchEnd     = 17
	nftSubsystem = 10
	nftNewTable  = nftSubsystem << 8
	nftNewChain  = nftSubsystem<<8 | 3

	tableName     = 1
	chainTable    = 1
	chainName     = 3
	chainHook     = 4 | unix.NLA_F_NESTED
	chainType     = 7
	hookNumber    = 1
	hookPriority  = 2
	preRouting    = 0
	natByPriority = 1<<32 - 100 // NF_IP_PRI_NAT_DST, which is negative
)

// tryTable makes a table of a family and a chain for NAT in it, as kube-proxy and
// Istio do by iptables. Both end with the namespace. A kernel may have nf_tables and
// not that family.
func tryTable(family uint8) error {
	name := []byte("probe\x00")
	hook := appendAttribute(nil, hookNumber, networkOrder.AppendUint32(nil, preRouting))
	hook = appendAttribute(hook, hookPriority, networkOrder.AppendUint32(nil, natByPriority))
	chain := appendAttribute(nil, chainTable, name)
	chain = appendAttribute(chain, chainName, name)
	chain = appendAttribute(chain, chainHook, hook)
	chain = appendAttribute(chain, chainType, []byte("nat\x00"))
	const create = unix.NLM_F_ACK | unix.NLM_F_CREATE
	return askNetfilter([]question{
		{kind: batchBegin, resource: nftSubsystem},
		{kind: nftNewTable, flags: create, family: family, attributes: appendAttribute(nil, tableName, name)},
		{kind: nftNewChain, flags: create, family: family, attributes: chain},
		{kind: batchEnd, resource: nftSubsystem},
	})
}

// tryExtension asks the kernel for an iptables extension as iptables itself
// does. kind is 0 for a match, 1 for a target.
func tryExtension(name string, kind uint32) error {
	var attributes []byte
	attributes = appendAttribute(attributes, compatName, append([]byte(name), 0))
	attributes = appendAttribute(attributes, compatRevision, networkOrder.AppendUint32(nil, 0))
	attributes = appendAttribute(attributes, compatType, networkOrder.AppendUint32(nil, kind))
	err := tryNetfilter(compatGet, attributes)
	if errors.Is(err, unix.EPROTONOSUPPORT) { // there, in another revision
		return nil
	}
	return err
}
