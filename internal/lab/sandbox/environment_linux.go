package sandbox

import (
	"errors"
	"os"
	"slices"
	"strings"
)

// kept are the variables that the sandbox's processes have of the user's: where
// commands are, and the time zone of logs. A short list, because all others do
// harm there or are none of a daemon's business: a proxy that cannot be reached
// from inside, certificates and tokens, the sockets of a service manager.
var kept = []string{"PATH", "TZ"}

// keptOf is what of a whole environment is kept.
func keptOf(environment []string) []string {
	return slices.DeleteFunc(slices.Clone(environment), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return !slices.Contains(kept, name)
	})
}

// Modes of what is written here: logs are their user's alone, for they say what
// the daemons were told; all else follows fixed modes, whatever umask the lab
// was brought up with.
const (
	umask   = 0o022
	logMode = 0o600
)

// OpenLog opens a log to append to. A log of before is its owner's alone from now
// on, too.
func OpenLog(file string) (*os.File, error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, logMode)
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(logMode); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
