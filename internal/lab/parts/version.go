package parts

import (
	"fmt"
	"regexp"
	"strconv"
)

// version is the part of a version that compatibility is told by.
type version struct{ major, minor, patch int }

var versionPattern = regexp.MustCompile(`(\d+)\.(\d+)(?:\.(\d+))?`)

// versionIn finds the first version in what a command says about itself; zero
// where it says none.
func versionIn(text string) version {
	m := versionPattern.FindStringSubmatch(text)
	if m == nil {
		return version{}
	}
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			return 0 // no patch, or one beyond all sense
		}
		return n
	}
	return version{number(m[1]), number(m[2]), number(m[3])}
}

func (v version) String() string { return fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch) }

func (v version) atLeast(w version) bool {
	if v.major != w.major {
		return v.major > w.major
	}
	if v.minor != w.minor {
		return v.minor > w.minor
	}
	return v.patch >= w.patch
}
