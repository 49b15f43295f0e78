package lab

import (
	"fmt"
	"strings"
	"testing"
)

func TestCredentialsInAddressesAreNotShown(t *testing.T) {
	for text, want := range map[string]string{
		"GET https://user:secret@mirror.test/debian: 403": "GET https://***@mirror.test/debian: 403",
		"http://token@proxy.test:3128":                    "http://***@proxy.test:3128",
		"http://u:p@ss@proxy.test/":                       "http://***@proxy.test/",
		`proxy "socks5h://u:p@localhost"`:                 `proxy "socks5h://***@localhost"`,
		"two http://a:b@c and http://d:e@f":               "two http://***@c and http://***@f",
		"https://modules.example/x/@v/list":               "https://modules.example/x/@v/list",
		"mail user@example.org":                           "mail user@example.org",
	} {
		if got := redact(text); got != want {
			t.Errorf("of %q: got %q, want %q", text, got, want)
		}
	}
}

// A tool's output comes in pieces of any size.
func TestALogIsRedactedWhereverItIsCut(t *testing.T) {
	const text = "first\nGET https://user:secret@mirror.test/\nlast http://a:secret@b"
	for size := 1; size < len(text); size++ {
		var log strings.Builder
		r := &redacted{to: &log}
		for rest := text; rest != ""; {
			n := min(size, len(rest))
			if _, err := fmt.Fprint(r, rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if want := "first\nGET https://***@mirror.test/\nlast http://***@b"; log.String() != want {
			t.Errorf("in pieces of %d: got %q", size, log.String())
		}
	}
}
