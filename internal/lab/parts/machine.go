package parts

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Machine is where the user's machine has its commands and files.
type Machine struct {
	// Root is the folder that absolute paths are below; "" is the machine
	// itself, tests have a folder of their own.
	Root string
	// Path lists the folders of commands, as PATH does.
	Path string
	// PulumiHome is the folder below which Pulumi keeps the user's plugins.
	PulumiHome string
}

// systemFolders hold daemons and tools that Debian does not put on every
// user's PATH: `su` alone keeps that of the user before.
var systemFolders = []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}

// SystemPath is path with the system's folders added that it lacks.
func SystemPath(path string) string {
	folders := filepath.SplitList(path)
	for _, folder := range systemFolders {
		if !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	return strings.Join(folders, string(os.PathListSeparator))
}

// Look finds a command as a shell would, "" where there is none.
func (m Machine) Look(command string) string {
	for _, folder := range filepath.SplitList(m.Path) {
		path := filepath.Join(m.Root, folder, command)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0 {
			return path
		}
	}
	return ""
}

// cniFolders are where distributions and Kubernetes' own packages put the
// plugins that connect pods.
var cniFolders = []string{"/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"}

// CNI is the folder that holds all plugins that the node's network needs, ""
// where there is none.
func (m Machine) CNI() string {
	for _, folder := range cniFolders {
		folder = filepath.Join(m.Root, folder)
		if !slices.ContainsFunc([]string{"bridge", "host-local", "loopback", "portmap"}, func(plugin string) bool {
			return !there(filepath.Join(folder, plugin))
		}) {
			return folder
		}
	}
	return ""
}

// Certificates is Debian's bundle of the authorities that TLS clients trust.
func (m Machine) Certificates() string {
	return filepath.Join(m.Root, "/etc/ssl/certs/ca-certificates.crt")
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// PulumiHome is where Pulumi keeps what belongs to this user, "" where that
// cannot be told.
func PulumiHome() string {
	if home := os.Getenv("PULUMI_HOME"); home != "" {
		return home
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".pulumi")
}
