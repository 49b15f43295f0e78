// Command charts writes Istio's own Helm charts, which its module embeds, into
// a folder: base and istiod, each as `helm install` takes it.
package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"istio.io/istio/manifests"
)

// charts maps the folder to write to the folder inside Istio's manifests.
var charts = map[string]string{
	"base":   "charts/base",
	"istiod": "charts/istio-control/istio-discovery",
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: charts FOLDER")
		os.Exit(2)
	}
	for name, source := range charts {
		if err := write(source, filepath.Join(os.Args[1], name)); err != nil {
			fmt.Fprintf(os.Stderr, "writing chart %q: %v\n", name, err)
			os.Exit(1)
		}
	}
}

func write(source, target string) error {
	chart, err := fs.Sub(manifests.FS, source)
	if err != nil {
		return err
	}
	return os.CopyFS(target, chart)
}
