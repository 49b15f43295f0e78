package parts

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// What is kept under a key has to be what any run with that key would build,
// whatever its user has set for other builds.
func TestTheUsersSettingsDoNotReachWhatIsKept(t *testing.T) {
	for name, value := range map[string]string{
		"GOFLAGS": "-tags=special -mod=vendor", "GOAMD64": "v3", "GOARM64": "v9.0", "GOFIPS140": "latest",
		"CGO_ENABLED": "1", "GOOS": "plan9", "GOARCH": "mips", "GOWORK": "/elsewhere/go.work",
	} {
		t.Setenv(name, value)
		cmd := exec.Command("go", "env", name)
		cmd.Env = append(os.Environ(), buildEnvironment()...)
		out, err := cmd.Output()
		if got := strings.TrimSpace(string(out)); err != nil || got == value || !slices.Contains(buildEnvironment(), name+"="+got) {
			t.Errorf("%s: got %q and %v", name, got, err)
		}
	}
}

// A machine with little memory keeps to what Go takes by itself.
func TestTheCollectorRunsLessWhereThereIsMemory(t *testing.T) {
	for memory, want := range map[uint64]string{0: "", 3_810_000 << 10: "", 8_000_000_000: "GOGC=300"} {
		b := newBench(t)
		b.Memory = memory
		got := ""
		for _, setting := range b.build(goParts[0], "folder").Env {
			if strings.HasPrefix(setting, "GOGC=") {
				got = setting
			}
		}
		if got != want {
			t.Errorf("with %d bytes: got %q, want %q", memory, got, want)
		}
	}
}

// The version of Go that is in the key names its experiments.
func TestExperimentsAreThoseOfTheKey(t *testing.T) {
	for version, want := range map[string]string{
		"go1.26.8":                       "",
		"go1.26.8 X:jsonv2":              "jsonv2",
		"go1.26.8 X:nogreenteagc,jsonv2": "nogreenteagc,jsonv2",
		"devel go1.27-abc Mon Jan 1":     "",
	} {
		if got := experiments(version); got != want {
			t.Errorf("of %q: got %q, want %q", version, got, want)
		}
	}
}
