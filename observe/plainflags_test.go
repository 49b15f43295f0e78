package main

import (
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// All of these were command lines before, but for those that stay as they are.
func TestFlagsAreTakenAsGosOwnPackageTakesThem(t *testing.T) {
	tests := []struct {
		name       string
		args, want []string
	}{
		{"a long name after one dash", []string{"verify", "-context", "x", "-rate=3", "-json"}, []string{"verify", "--context", "x", "--rate=3", "--json"}},
		{"before a shorthand that it begins with", []string{"watch", "-namespace", "x", "-n", "y"}, []string{"watch", "--namespace", "x", "-n", "y"}},
		{"a letter after two", []string{"lint", "--o", "json", "--o=json"}, []string{"lint", "-o", "json", "-o=json"}},
		{"a value that looks like one", []string{"watch", "-record", "-rate", "-rate", "-1"}, []string{"watch", "--record", "-rate", "--rate", "-1"}},
		{"a flag that may stand without a value", []string{"watch", "-web", "-web-port", "1", "-web=[::1]"}, []string{"watch", "--web", "--web-port", "1", "--web=[::1]"}},
		{"stdin, and what is behind --", []string{"lint", "-", "--", "-strict"}, []string{"lint", "-", "--", "-strict"}},
		{"a value right behind its letter", []string{"lint", "-ojson", "x"}, []string{"lint", "-ojson", "x"}},
		{"unknown ones", []string{"lint", "-x", "--y", "---strict"}, []string{"lint", "-x", "--y", "---strict"}},
		{"nothing", []string{}, []string{}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, plainFlags(rootCommand(newCall(observe, io.Discard, io.Discard)), tt.args)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
