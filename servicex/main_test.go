package main

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// asProgram makes the test binary the program itself, for tests that need a
// process.
const asProgram = "SERVICEX_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// program is the binary with these arguments and nothing but this environment.
func program(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, args...)
	c.Env = append(env, asProgram+"=1", "GOCOVERDIR="+t.TempDir())
	return c
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("reading the golden file (write it with -update): %v", err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// env is an environment of these variables.
func env(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

func TestCommandLines(t *testing.T) {
	ended := make(chan os.Signal, 1)
	ended <- syscall.SIGTERM
	tests := map[string]struct {
		args           []string
		code           int
		stdout, stderr string // contained; "": nothing
	}{
		"help goes to standard output":         {[]string{"-h"}, exitDone, "usage: servicex [ROLE]", ""},
		"the client's help too":                {[]string{"client", "-h"}, exitDone, "usage: servicex client", ""},
		"an unknown role is shown the roles":   {[]string{"server"}, exitUsage, "", "  client  send requests"},
		"an unknown role is named":             {[]string{"server"}, exitUsage, "", `role "server": must be one of the above`},
		"the server takes no arguments":        {[]string{"serve", "80"}, exitUsage, "", `argument "80": must be left out`},
		"waiting takes no arguments":           {[]string{"wait", "5s"}, exitUsage, "", `argument "5s": must be left out`},
		"the client's flags are checked":       {[]string{"client"}, exitUsage, "", `-url "": must be a URL`},
		"waiting ends at a signal":             {[]string{"wait"}, exitDone, "", ""},
		"the server's environment is checked":  {nil, exitUsage, "", `PORT "http": must be a number from 1 to 65535`},
		"serve is the same as no role at all":  {[]string{"serve"}, exitUsage, "", `PORT "http": must be a number from 1 to 65535`},
		"the client does not read environment": {[]string{"client", "-url", "ftp://x"}, exitUsage, "", `-url "ftp://x": must be a URL`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			p := process{env(map[string]string{"PORT": "http"}), strings.NewReader(""), &stdout, &stderr, ended}
			if code := run(p, tt.args); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			for _, out := range []struct{ name, got, want string }{{"stdout", stdout.String(), tt.stdout}, {"stderr", stderr.String(), tt.stderr}} {
				if !strings.Contains(out.got, out.want) || out.want == "" && out.got != "" {
					t.Errorf("%s: got %q, want %q in it", out.name, out.got, out.want)
				}
			}
		})
	}
}

func TestHelpReadsAsInTestdata(t *testing.T) {
	golden(t, "help.golden", usage())
	golden(t, "client-help.golden", clientUsage())
}

func TestAPortInUseIsAnError(t *testing.T) {
	_, port := listen(t)
	var stderr bytes.Buffer
	p := process{env(map[string]string{"PORT": port}), nil, nil, &stderr, nil}
	if code := run(p, nil); code != exitFailed {
		t.Errorf("exit code %d, want %d", code, exitFailed)
	}
	if want := `servicex: listening on ":` + port + `": `; !strings.HasPrefix(stderr.String(), want) || !strings.Contains(stderr.String(), "address already in use") {
		t.Errorf("got %q, want %q and the cause", stderr.String(), want)
	}
}
