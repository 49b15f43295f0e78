package commandline

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

// All of these were command lines of Go's package, but for those that stay as they are.
func TestFlagsAreTakenAsGosOwnPackageTakesThem(t *testing.T) {
	tests := []struct {
		name       string
		args, want []string
	}{
		{"a long name after one dash", []string{"watch", "-context", "x", "-rate=3", "-json"}, []string{"watch", "--context", "x", "--rate=3", "--json"}},
		{"before a shorthand that it begins with", []string{"watch", "-namespace", "x", "-n", "y"}, []string{"watch", "--namespace", "x", "-n", "y"}},
		{"a letter after two", []string{"watch", "--n", "x", "--n=x"}, []string{"watch", "-n", "x", "-n=x"}},
		{"a value that looks like one", []string{"watch", "-context", "-rate", "-rate", "-1"}, []string{"watch", "--context", "-rate", "--rate", "-1"}},
		{"a flag that may stand without a value", []string{"watch", "-web", "-rate", "1", "-web=[::1]"}, []string{"watch", "--web", "--rate", "1", "--web=[::1]"}},
		{"stdin, and what is behind --", []string{"watch", "-", "--", "-json"}, []string{"watch", "-", "--", "-json"}},
		{"a value right behind its letter", []string{"watch", "-nx", "y"}, []string{"watch", "-nx", "y"}},
		{"unknown ones", []string{"watch", "-x", "--y", "---json"}, []string{"watch", "-x", "--y", "---json"}},
		{"those of a command that is run", []string{"exec", "env", "-help", "--h"}, []string{"exec", "env", "-help", "--h"}},
		{"nothing", []string{}, []string{}},
	}
	for _, tt := range tests {
		watch := &cobra.Command{Use: "watch", Run: func(*cobra.Command, []string) {}}
		watch.Flags().StringP("namespace", "n", "", "")
		watch.Flags().String("context", "", "")
		watch.Flags().Float64("rate", 1, "")
		watch.Flags().Bool("json", false, "")
		watch.Flags().String("web", "", "")
		watch.Flags().Lookup("web").NoOptDefVal = "127.0.0.1"
		exec := &cobra.Command{Use: "exec", Run: func(*cobra.Command, []string) {}, DisableFlagParsing: true}
		root := Program{File: "p", Shown: "p"}.root([]*cobra.Command{watch, exec})
		if diff := cmp.Diff(tt.want, plainFlags(root, tt.args)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
