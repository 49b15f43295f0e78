package sandbox

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// myself is this process as a sandbox that runs.
func myself(t *testing.T) Sandbox {
	t.Helper()
	started, err := startTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	boot, err := bootID()
	if err != nil {
		t.Fatal(err)
	}
	return Sandbox{PID: os.Getpid(), Started: started, Boot: boot}
}

func TestASandboxIsKeptInAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "supervisor.pid")
	if s, err := Load(file); err != nil || s != (Sandbox{}) {
		t.Errorf("from no file: got %v and %v, want none", s, err)
	}
	want := myself(t)
	for range 2 { // the second replaces the first
		if err := want.Save(file); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("loaded (-want +got):\n%s", diff)
	}
	if entries, err := os.ReadDir(filepath.Dir(file)); err != nil || len(entries) != 1 {
		t.Errorf("left beside it: got %v and %v", entries, err)
	}
	write(t, file, `{"pid": 12`)
	if s, err := Load(file); err == nil || !strings.Contains(err.Error(), strconv.Quote(file)) || s.Alive() {
		t.Errorf("from half a file: got %v and %v, want an error that names it", s, err)
	}
}

func TestAReusedProcessIDIsNotAlive(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Sandbox)
		want   bool
	}{
		{"the same process", func(*Sandbox) {}, true},
		{"none", func(s *Sandbox) { *s = Sandbox{} }, false},
		{"another process with its id", func(s *Sandbox) { s.Started += "0" }, false},
		{"another boot, the same id and time", func(s *Sandbox) { s.Boot = "before" }, false},
		{"a process that has ended", func(s *Sandbox) { s.PID = 1 << 22 }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := myself(t)
			tt.change(&s)
			if got := s.Alive(); got != tt.want {
				t.Errorf("alive: got %v, want %v", got, tt.want)
			}
			// Stop must never end a stranger: this process would not survive it.
			if !tt.want {
				if err := s.Stop(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestMarkedLeavesOutThisProcessAndThoseAbove(t *testing.T) {
	environ := strings.Split(read(t, "/proc/self/environ"), "\x00")
	for _, entry := range environ {
		if entry == "" {
			continue
		}
		pids, err := Marked(entry)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(pids, os.Getpid()) || slices.Contains(pids, os.Getppid()) {
			t.Fatalf("marked by %q: got %v with this process or its parent", entry, pids)
		}
	}
}

func TestNetlinkMessages(t *testing.T) {
	got := appendAttribute(nil, 3, []byte("abcde"))
	want := append(hostOrder.AppendUint16(hostOrder.AppendUint16(nil, 9), 3), "abcde\x00\x00\x00"...)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attribute (-want +got):\n%s", diff)
	}
	answer := func(kind uint16, code int32) []byte {
		message := hostOrder.AppendUint32(nil, 20)
		message = hostOrder.AppendUint16(message, kind)
		return hostOrder.AppendUint32(append(message, make([]byte, 10)...), uint32(code))
	}
	tests := []struct {
		name    string
		message []byte
		want    string
	}{
		{"there", answer(compatGet, -2), ""},
		{"acknowledged", answer(2, 0), ""},
		{"refused", answer(2, -2), "no such file or directory"},
		{"cut off", answer(2, -2)[:19], "netfilter's answer is cut off"},
		{"nothing", nil, "netfilter's answer is cut off"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if err := answerError(tt.message); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestTheProbeLeavesNothingAndNamesWhatLacks(t *testing.T) {
	needsSandbox(t)
	dir := t.TempDir()
	if lacks, err := StartProbe(t.Context(), "/proc/self/exe", []string{"probe", dir}); err != nil || len(lacks) > 0 {
		t.Errorf("got %q and %v", lacks, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left in the folder: %v, %v", entries, err)
	}
	missing := filepath.Join(dir, "missing")
	lacks, err := StartProbe(t.Context(), "/proc/self/exe", []string{"probe", missing})
	if err != nil || len(lacks) != 1 || !strings.HasPrefix(lacks[0], "overlay file systems below "+missing+" (overlay): ") {
		t.Errorf("below a folder that is not there: got %q and %v", lacks, err)
	}
	if err := tryExtension("no-such-match", 0); err == nil {
		t.Error("an iptables match that does not exist is there")
	}
	// As a kernel answers that has nf_tables, but not for IPv4.
	if err := tryTable(200); !errors.Is(err, unix.EOPNOTSUPP) {
		t.Errorf("tables of a family that does not exist: got %v", err)
	}
	if _, err := StartProbe(t.Context(), filepath.Join(dir, "none"), nil); err == nil || !strings.HasPrefix(err.Error(), "making namespaces: ") {
		t.Errorf("got %v", err)
	}
}
