package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// currentContext is the engine of the docker command's current context: of
// DOCKER_CONTEXT, or else of its configuration file. There is none where that is
// the default one, or where the context is gone: then Docker may still be found
// by its socket.
func (m machine) currentContext() (dockerEngine, error) {
	folder := cmp.Or(m.env("DOCKER_CONFIG"), filepath.Join(m.home, ".docker"))
	name := m.env("DOCKER_CONTEXT")
	if name == "" {
		var file struct {
			CurrentContext string `json:"currentContext"`
		}
		if err := readJSON(filepath.Join(folder, "config.json"), &file); err != nil {
			return dockerEngine{}, advise(err, "mend or move the file; docker context ls meets the same")
		}
		name = file.CurrentContext
	}
	if name == "" || name == "default" {
		return dockerEngine{}, nil
	}
	// The docker command names a context's folders by a hash of its name.
	id := fmt.Sprintf("%x", sha256.Sum256([]byte(name)))
	var meta struct {
		Endpoints map[string]struct{ Host string }
	}
	if err := readJSON(filepath.Join(folder, "contexts/meta", id, "meta.json"), &meta); err != nil {
		return dockerEngine{}, advise(err, "docker context use default, or another that docker context ls shows")
	}
	engine := dockerEngine{host: meta.Endpoints["docker"].Host, from: fmt.Sprintf("context %q", name)}
	if tls := filepath.Join(folder, "contexts/tls", id, "docker"); exists(tls) {
		engine.certPath = tls
	}
	return engine, nil
}

// readJSON reads a file that may be missing; then nothing changes.
func readJSON(file string, into any) error {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("reading the docker command's %q: %w", file, err)
	}
	return nil
}
