package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

func TestEnvironment(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		env  map[string]string
		want config
	}{
		"nothing set is a healthy server": {nil, config{host, "200", false, 4 * time.Second, 5 * time.Second, 8080, 504}},
		"empty is not set": {map[string]string{"error": "", "MAX_DELAY": "", "GRACE": "", "PORT": "", "POD_NAME": "", "POD_VERSION": ""},
			config{host, "200", false, 4 * time.Second, 5 * time.Second, 8080, 504}},
		"no is healthy":                        {map[string]string{"error": "no"}, config{host, "200", false, 4 * time.Second, 5 * time.Second, 8080, 504}},
		"yes is faulty, and another version":   {map[string]string{"error": "yes"}, config{host, "504", true, 4 * time.Second, 5 * time.Second, 8080, 504}},
		"another code is another version":      {map[string]string{"error": "yes", "CODE": "500"}, config{host, "500", true, 4 * time.Second, 5 * time.Second, 8080, 500}},
		"the bounds belong to what is allowed": {map[string]string{"MAX_DELAY": "0s", "GRACE": "1m", "PORT": "65535"}, config{host, "200", false, 0, time.Minute, 65535, 504}},
		"all set, as Kubernetes does": {
			map[string]string{"error": "yes", "CODE": "503", "MAX_DELAY": "1.5s", "GRACE": "3s", "PORT": "81", "POD_NAME": "servicex-error-7d9f-x2x4z", "POD_VERSION": "v1"},
			config{"servicex-error-7d9f-x2x4z", "v1", true, 1500 * time.Millisecond, 3 * time.Second, 81, 503}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := readConfig(env(tt.env))
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestRefusedEnvironmentsReadAsInTestdata(t *testing.T) {
	tests := []map[string]string{
		{"error": "maybe"},
		{"error": "YES"},
		{"error": "yes "},
		{"error": "504"},
		{"CODE": "499"},
		{"CODE": "600"},
		{"CODE": "server error"},
		{"MAX_DELAY": "4"},
		{"MAX_DELAY": "-1s"},
		{"MAX_DELAY": "1m0.001s"},
		{"GRACE": "five"},
		{"GRACE": "61s"},
		{"PORT": "0"},
		{"PORT": "65536"},
		{"PORT": "tcp://10.0.0.1:80"},
		{"POD_NAME": "a b"},
		{"POD_NAME": "a\r\nX-State: healthy"},
		{"POD_NAME": strings.Repeat("a", 254)},
		{"POD_VERSION": "zwölf"},
		{"POD_VERSION": strings.Repeat("2", 64)},
		{"error": "1", "MAX_DELAY": "1h", "GRACE": "-5s", "PORT": "http", "POD_NAME": " ", "POD_VERSION": "\t"},
	}
	var text strings.Builder
	for _, variables := range tests {
		_, err := readConfig(env(variables))
		if wrong, ok := errors.AsType[problems](err); !ok || len(wrong) != len(variables) {
			t.Errorf("%q: got %v, want a problem for each", variables, err)
			continue
		}
		text.WriteString(err.Error() + "\n\n")
	}
	golden(t, "environment.golden", text.String())
}

// FuzzEnvironment holds every environment to this: it is refused with the
// variable's name, or makes a server whose answers have what it says.
func FuzzEnvironment(f *testing.F) {
	f.Add("", "", "", "", "", "", "")
	f.Add("yes", "500", "0s", "5s", "8080", "servicex-error-7d9f-x2x4z", "504")
	f.Add("no", "599", "1m", "0", "65535", "a", "b")
	f.Add("maybe", "-504", "-1ns", "1h", "-1", "a\nb", "ü")
	f.Fuzz(func(t *testing.T, fault, code, delay, grace, port, pod, version string) {
		variables := map[string]string{"error": fault, "CODE": code, "MAX_DELAY": delay, "GRACE": grace, "PORT": port, "POD_NAME": pod, "POD_VERSION": version}
		c, err := readConfig(env(variables))
		if err != nil {
			wrong, ok := errors.AsType[problems](err)
			if !ok {
				t.Fatalf("got %T", err)
			}
			for _, p := range wrong {
				if value := variables[p.name]; value == "" || value != p.value || !strings.Contains(err.Error(), p.name) {
					t.Errorf("problem %+v of %q", p, variables)
				}
			}
			return
		}
		if c.MaxDelay < 0 || c.MaxDelay > time.Minute || c.Grace < 0 || c.Grace > time.Minute || c.Port < 1 || c.Port > 65535 {
			t.Errorf("accepted %+v", c)
		}
		server := httptest.NewServer(newService(c, func(time.Duration) time.Duration { return 0 }))
		defer server.Close()
		response, err := http.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if got := response.Header.Get(headerPod); got != c.Pod || pod != "" && got != pod {
			t.Errorf("%s is %q of %q", headerPod, got, pod)
		}
		if got := response.Header.Get(headerVersion); got != c.Version || version != "" && got != version {
			t.Errorf("%s is %q of %q", headerVersion, got, version)
		}
		want := http.StatusOK
		if fault == "yes" {
			want = c.Code
		}
		if response.StatusCode != want || c.Code < 500 || c.Code > 599 {
			t.Errorf("status %d with error=%q", response.StatusCode, fault)
		}
	})
}
