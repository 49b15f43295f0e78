package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"istio-circuit-breaker/internal/commandline"
	"istio-circuit-breaker/internal/timeline"

	"github.com/spf13/cobra"
)

func versionCommand(c *call) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "say which version this is, and which recordings it reads",
		Long: `Says which version of the module this is, of which revision it was built where
Go has noted that, and the format of the recordings that it writes. It reads
recordings of that format and of older ones.`,
		Example: c.Shown + " version --json",
		Args:    commandline.TakesNone,
	}
	asJSON := cmd.Flags().Bool("json", false, "print one JSON object")
	cmd.RunE = func(*cobra.Command, []string) error {
		v := builtAs()
		if *asJSON {
			return json.NewEncoder(c.stdout).Encode(v)
		}
		revision := v.Revision
		if revision == "" {
			revision = "unknown"
		} else if v.Modified {
			revision += ", modified"
		}
		fmt.Fprintf(c.stdout, "version:   %s\nrevision:  %s\nrecording: format %d\nbuilt:     by %s for %s\n", v.Version, revision, v.Format, v.Go, v.Platform)
		return nil
	}
	return cmd
}

// build is what this program was built of.
type build struct {
	Version  string `json:"version"` // of the module, or (devel)
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"` // the working tree was not the revision's
	Format   int    `json:"formatVersion"`      // of recordings
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func builtAs() build {
	v := build{Version: "unknown", Format: timeline.Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Version = cmp.Or(info.Main.Version, v.Version)
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}
