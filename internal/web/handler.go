package web

import (
	"embed"
	"fmt"
	"net/http"
	"path"
	"slices"
	"time"
)

//go:embed assets
var assets embed.FS

// types are what browsers have to be told about the assets; the system's own
// table may lack them.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// policy lets the page load what is served here, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// handler is the page at a listener's address.
func handler(h *hub, addr string) http.Handler {
	mux := http.NewServeMux()
	if err := serveFiles(mux, assets, "assets"); err != nil {
		return failing(err)
	}
	mux.Handle("GET /events", own(stream{h, beat, patience}))
	if h.options.SetLoad != nil {
		mux.Handle("POST /load", own(control{h}))
	}
	return guard(addr, mux)
}

// serveFiles serves the files of a folder, or those of these names alone.
func serveFiles(mux *http.ServeMux, from embed.FS, folder string, names ...string) error {
	files, err := from.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("serving the page: %w", err)
	}
	for _, file := range files {
		if len(names) > 0 && !slices.Contains(names, file.Name()) {
			continue
		}
		text, err := from.ReadFile(folder + "/" + file.Name())
		if err != nil {
			return fmt.Errorf("serving the page: %w", err)
		}
		mux.HandleFunc("GET /"+urlOf(file.Name()), asset(types[path.Ext(file.Name())], text))
	}
	return nil
}

// failing answers every request with an error.
func failing(err error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	})
}

// urlOf is where a file is served, as a pattern of http.ServeMux.
func urlOf(name string) string {
	if name == "index.html" {
		return "{$}"
	}
	return name
}

func asset(contentType string, text []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(text) // a browser that has gone does not need it
	}
}

const (
	// beat is the longest time without a message, so that a page can tell a
	// quiet run from a lost one.
	beat = 2 * time.Second
	// patience is how long a browser may take to read one message.
	patience = 10 * time.Second
)
