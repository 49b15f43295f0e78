package web

import (
	"context"
	"net/http"
	"path"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestBadLoadsAreRefusedWithAllReasons(t *testing.T) {
	p, asked := opened(t)
	tests := []struct {
		name, body string
		headers    map[string]string
		status     int
		want       string
	}{
		{"bad values", `{"on":true,"rate":-1,"concurrency":0}`, nil, 400,
			`{"problems":["rate -1: must be 0 to 100000 requests a second","concurrency 0: must be 1 to 1000"]}`},
		{"bad values while it is off", `{"on":false,"rate":5,"concurrency":2000}`, nil, 400, `{"problems":["concurrency 2000: must be 1 to 1000"]}`},
		{"half a worker", `{"on":true,"rate":1,"concurrency":1.5}`, nil, 400, "cannot unmarshal number 1.5"},
		{"a number that is none", `{"on":true,"rate":NaN,"concurrency":1}`, nil, 400, "invalid character"},
		{"something missing", `{"on":true,"rate":1}`, nil, 400, "on, rate and concurrency have to be given"},
		{"something unknown", `{"on":true,"rate":1,"concurrency":1,"timeout":"1s"}`, nil, 400, `unknown field \"timeout\"`},
		{"two loads", `{"on":true,"rate":1,"concurrency":1}{}`, nil, 400, "there must be one object"},
		{"too long", `{"on":true,"rate":1,"concurrency":1` + strings.Repeat(" ", 5000) + `}`, nil, 400, "request body too large"},
		{"a form", `on=true`, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, 415, "must be application/json"},
		{"plain text", `{"on":true,"rate":1,"concurrency":1}`, map[string]string{"Content-Type": "text/plain"}, 415, "must be application/json"},
		{"no type", `{"on":true,"rate":1,"concurrency":1}`, map[string]string{"Content-Type": ""}, 415, "must be application/json"},
		{"from a foreign page", `{"on":true,"rate":1,"concurrency":1}`, map[string]string{"Origin": "https://example.com"}, 403, "for the page itself only"},
		{"from a sandboxed page", `{"on":true,"rate":1,"concurrency":1}`, map[string]string{"Origin": "null"}, 403, "for the page itself only"},
		{"from another port", `{"on":true,"rate":1,"concurrency":1}`, map[string]string{"Origin": "http://127.0.0.1:1"}, 403, "for the page itself only"},
		{"from another site, says the browser", `{"on":true,"rate":1,"concurrency":1}`, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403, "for the page itself only"},
		{"from another port, says the browser", `{"on":true,"rate":1,"concurrency":1}`, map[string]string{"Sec-Fetch-Site": "same-site"}, 403, "for the page itself only"},
		{"for a foreign host", `{"on":true,"rate":1,"concurrency":1}`, map[string]string{"Host": "example.com"}, 421, "this page is at http://127.0.0.1:"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, text := post(t, p, tt.body, tt.headers)
			if status != tt.status || !strings.Contains(text, tt.want) {
				t.Errorf("got %d %s, want %d %s", status, text, tt.status, tt.want)
			}
		})
	}
	if len(asked) > 0 {
		t.Errorf("the load was set all the same: %+v", <-asked)
	}
	status, text := post(t, p, `{"on":true,"rate":1,"concurrency":1}`,
		map[string]string{"Origin": strings.TrimSuffix(p.URL, "/"), "Sec-Fetch-Site": "same-origin"})
	if status != 200 || len(asked) != 1 {
		t.Errorf("from the page itself: got %d %s, want 200", status, text)
	}
}

func TestOnlyLoopbackIsServed(t *testing.T) {
	p, _ := opened(t)
	port := p.URL[strings.LastIndex(p.URL, ":")+1 : len(p.URL)-1]
	get := func(t *testing.T, path string, headers map[string]string) (int, string) {
		t.Helper()
		limited, stop := context.WithTimeout(t.Context(), 5*time.Second) // events do not end
		defer stop()
		request, err := http.NewRequestWithContext(limited, "GET", p.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		return do(t, request, headers)
	}
	for host, want := range map[string]int{
		"127.0.0.1:" + port: 200, "localhost:" + port: 200, "[::1]:" + port: 200, "127.0.0.2:" + port: 200,
		"localhost": 421, "127.0.0.1": 421, "127.0.0.1:1": 421, "example.com:" + port: 421, "localhost.example.com:" + port: 421,
		"127.0.0.1.example.com:" + port: 421, "192.0.2.1:" + port: 421, "0.0.0.0:" + port: 421, "[::]:" + port: 421,
	} {
		for _, path := range []string{"", "app.js"} {
			if got, text := get(t, path, map[string]string{"Host": host}); got != want {
				t.Errorf("/%s of host %q: got %d %s, want %d", path, host, got, text, want)
			}
		}
	}
	for name, headers := range map[string]map[string]string{
		"foreign host": {"Host": "example.com:" + port}, "foreign origin": {"Origin": "https://example.com"}, "foreign site": {"Sec-Fetch-Site": "cross-site"},
	} {
		if got, text := get(t, "events", headers); got != 403 && got != 421 {
			t.Errorf("events for a %s: got %d %s", name, got, text)
		}
	}
	for path, want := range map[string]int{"load": 405, "nothing": 404, "assets/": 404, "..%2fpage.go": 404} {
		if got, _ := get(t, path, nil); got != want {
			t.Errorf("GET /%s: got %d, want %d", path, got, want)
		}
	}
}

func TestARecordingHasNoSwitches(t *testing.T) {
	p, err := Open(t.Context(), "[::1]", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if status, _ := post(t, p, `{"on":true,"rate":1,"concurrency":1}`, nil); status != 404 {
		t.Errorf("got %d, want 404", status)
	}
	if run := partOf[runState](t, follow(t, p).next(), "run"); run.Controls {
		t.Errorf("the page offers controls: %+v", run)
	}
}

func TestAddressesHaveToBeLoopback(t *testing.T) {
	for addr, want := range map[string]string{
		"": "127.0.0.1:0", "127.0.0.1": "127.0.0.1:0", "localhost": "127.0.0.1:0", "localhost:8080": "127.0.0.1:8080", ":8080": "127.0.0.1:8080",
		"127.1.2.3:80": "127.1.2.3:80", "::1": "[::1]:0", "[::1]": "[::1]:0", "[::1]:80": "[::1]:80", "::ffff:127.0.0.1": "127.0.0.1:0",
	} {
		if got, err := Address(addr); err != nil || got != want {
			t.Errorf("Address(%q): got %q, %v, want %q", addr, got, err, want)
		}
	}
	for addr, want := range map[string]string{
		"0.0.0.0:80": "must be loopback", "::": "must be loopback", "192.0.2.1": "must be loopback", "example.com:80": "must be loopback", "*:80": "must be loopback",
		"localhost:http": "the port must be 0 to 65535", "127.0.0.1:65536": "the port must be 0 to 65535", "127.0.0.1:+1": "the port must be 0 to 65535", "127.0.0.1:": "the port must be 0 to 65535",
	} {
		if got, err := Address(addr); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Address(%q): got %q, %v, want %q", addr, got, err, want)
		}
	}
	if _, err := Open(t.Context(), "0.0.0.0:0", Options{}); err == nil {
		t.Error("a page was opened for all to see")
	}
}

func TestAssetsAreServedWithTheirTypes(t *testing.T) {
	p, _ := opened(t)
	files, err := assets.ReadDir("assets")
	if err != nil || len(files) == 0 {
		t.Fatalf("reading the assets: %v, %d files", err, len(files))
	}
	for _, file := range files {
		url := p.URL + strings.TrimPrefix(urlOf(file.Name()), "{$}")
		response, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		for header, want := range map[string]string{
			"Content-Type": types[path.Ext(file.Name())], "Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff",
			"X-Frame-Options": "DENY", "Access-Control-Allow-Origin": "",
		} {
			if got := response.Header.Get(header); got != want || header == "Content-Type" && got == "" {
				t.Errorf("%s: %s: got %q, want %q", file.Name(), header, got, want)
			}
		}
		if response.StatusCode != 200 {
			t.Errorf("%s: got %d", file.Name(), response.StatusCode)
		}
	}
}

var (
	elsewhere = regexp.MustCompile(`(?i)(https?:|//\w|\bdata:\S|@import|url\((?:[^#)]|\)))`)
	named     = regexp.MustCompile(`(?:from |src=|href=)"\.?/?([^"]+)"`)
	unsafe    = regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|\son\w+=|\sstyle="`)
)

func TestAssetsNeedNothingElse(t *testing.T) {
	files, err := assets.ReadDir("assets")
	if err != nil {
		t.Fatal(err)
	}
	here, used := map[string]bool{"index.html": true}, map[string]bool{"index.html": true}
	for _, file := range files {
		here[file.Name()] = true
	}
	for _, file := range files {
		raw, err := assets.ReadFile("assets/" + file.Name())
		if err != nil {
			t.Fatal(err)
		}
		// The name of the language of pictures; nothing is loaded from it.
		text := strings.ReplaceAll(string(raw), `xmlns="http://www.w3.org/2000/svg"`, "")
		for _, found := range elsewhere.FindAllString(text, -1) {
			t.Errorf("%s: %q points elsewhere", file.Name(), found)
		}
		for _, found := range unsafe.FindAllString(text, -1) {
			t.Errorf("%s: %q is against the page's policy", file.Name(), found)
		}
		for _, found := range named.FindAllStringSubmatch(text, -1) {
			used[found[1]] = true
			if !here[found[1]] {
				t.Errorf("%s: %q is not served", file.Name(), found[1])
			}
		}
	}
	for name := range here {
		if !used[name] {
			t.Errorf("%s is used nowhere", name)
		}
	}
}
