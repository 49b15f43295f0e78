package reach

import (
	"encoding/binary"
	"net/netip"
	"os"
	"strings"
	"testing"
)

const titles = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

// line is one of /proc/net/tcp, with an address in the byte order of this machine.
func line(ip string, port, state, inode string) string {
	words := netip.MustParseAddr(ip).AsSlice()
	text := ""
	for i := 0; i < len(words); i += 4 {
		text += strings.ToUpper(hexWord(binary.NativeEndian.Uint32(words[i:])))
	}
	return "   0: " + text + ":" + port + " 00000000:0000 " + state + " 00000000:00000000 00:00000000 00000000     0        0 " + inode + " 1 0000000000000000 100 0 0 10 0\n"
}

func hexWord(word uint32) string {
	const digits = "0123456789abcdef"
	text := ""
	for shift := 28; shift >= 0; shift -= 4 {
		text += string(digits[word>>shift&15])
	}
	return text
}

func TestSocketsThatLoopbackReaches(t *testing.T) {
	tests := []struct {
		name, line, want string // where it is reached; "" for not at all
	}{
		{"loopback", line("127.0.0.1", "1F90", "0A", "77"), "127.0.0.1:8080"},
		{"another address of loopback", line("127.0.0.53", "0035", "0A", "77"), "127.0.0.53:53"},
		{"every address", line("0.0.0.0", "1F90", "0A", "77"), "127.0.0.1:8080"},
		{"loopback of IPv6", line("::1", "1F90", "0A", "77"), "[::1]:8080"},
		{"every address of IPv6", line("::", "1F90", "0A", "77"), "[::1]:8080"},
		{"loopback of IPv4 as IPv6", line("::ffff:127.0.0.1", "1F90", "0A", "77"), "127.0.0.1:8080"},
		{"the node's address", line("198.18.0.1", "1F90", "0A", "77"), ""},
		{"connected", line("127.0.0.1", "1F90", "01", "77"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseSockets(strings.NewReader(titles + tt.line))
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case tt.want == "" && len(got) > 0:
				t.Errorf("got %v, want none", got)
			case tt.want != "" && (len(got) != 1 || got[0] != socket{netip.MustParseAddrPort(tt.want), "77"}):
				t.Errorf("got %v, want %s", got, tt.want)
			}
		})
	}
}

func TestSocketsThatCannotBeRead(t *testing.T) {
	for text, want := range map[string]string{
		"0: 0100007F:1F90":                       "a line has only 2 fields",
		"0: 0100007F b 0A e f g h i 77":          `"0100007F" is no address`,
		"0: 01007F:1F90 b 0A e f g h i 77":       `"01007F:1F90" is no address`,
		"0: 0100007F0100007F:1 b 0A e f g h i 7": `"0100007F0100007F:1" is no address`,
	} {
		if got, err := parseSockets(strings.NewReader(titles + text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v and %v, want %q", text, got, err, want)
		}
	}
}

func FuzzParseSockets(f *testing.F) {
	f.Add(titles + line("127.0.0.1", "1F90", "0A", "77") + line("::", "1F90", "0A", "78"))
	f.Fuzz(func(t *testing.T, text string) {
		sockets, err := parseSockets(strings.NewReader(text))
		for _, s := range sockets {
			if !s.address.Addr().IsLoopback() || err != nil {
				t.Errorf("got %v and %v", s, err)
			}
		}
	})
}

func TestPortsOfProcesses(t *testing.T) {
	listener := listen(t)
	ports, err := Ports([]int{os.Getpid(), 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, p := range ports {
		if p.PID != os.Getpid() {
			t.Errorf("%v is of another process", p)
		}
		found = found || p.Address.String() == listener.Addr().String()
	}
	if !found {
		t.Errorf("got %v, want %s among them", ports, listener.Addr())
	}
	if ports, err := Ports(nil); err != nil || len(ports) > 0 {
		t.Errorf("of no process: got %v and %v", ports, err)
	}
}
