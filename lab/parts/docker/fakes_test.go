package main

import (
	"archive/tar"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	registrytypes "github.com/moby/moby/api/types/registry"
	"google.golang.org/protobuf/types/known/structpb"
)

// fakeEngine answers as a Docker engine does and remembers what it was asked.
type fakeEngine struct {
	buildAnswer string
	pushAnswer  string
	asks        []string // registries whose credentials BuildKit wants
	old         bool     // it has no sessions

	builds  []url.Values      // without the session, which is another each time
	archive map[string]string // name to content of the last build's files
	headers []tar.Header
	pushes  []string
	auth    registrytypes.AuthConfig

	sessions   sync.Map // connections by ID
	methods    []string // that the last one offers
	told       map[string]string
	registries map[string]registrytypes.AuthConfig // that came with the last build
}

// start serves the engine on a unix socket and returns its address.
func (f *fakeEngine) start(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "docker") // t.TempDir() can exceed the length of a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	listener, err := net.Listen("unix", filepath.Join(dir, "docker.sock"))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/_ping", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("API-Version", "1.41") })
	mux.HandleFunc("POST /v1.41/build", f.build)
	if !f.old {
		mux.HandleFunc("POST /session", f.session)
	}
	mux.HandleFunc("POST /v1.41/images/{name...}", f.push)
	mux.HandleFunc("GET /v1.41/images/{name...}", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"Id":"sha256:1111","Os":"linux","Architecture":"amd64"}`)
	})
	server := &http.Server{Handler: mux}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return "unix://" + listener.Addr().String()
}

func (f *fakeEngine) build(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if session := query.Get("session"); session != "" {
		if err := f.ask(r.Context(), session); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	query.Del("session")
	f.builds = append(f.builds, query)
	registries, _ := base64.URLEncoding.DecodeString(r.Header.Get("X-Registry-Config"))
	f.registries = nil
	_ = json.Unmarshal(registries, &f.registries)
	f.archive, f.headers = map[string]string{}, nil
	archive := tar.NewReader(r.Body)
	for {
		header, err := archive.Next()
		if err != nil {
			break
		}
		content, _ := io.ReadAll(archive)
		f.archive[header.Name] = string(content)
		f.headers = append(f.headers, *header)
	}
	io.WriteString(w, f.buildAnswer)
}

func (f *fakeEngine) push(w http.ResponseWriter, r *http.Request) {
	f.pushes = append(f.pushes, r.PathValue("name")+"?"+r.URL.RawQuery)
	auth, _ := base64.URLEncoding.DecodeString(r.Header.Get(registrytypes.AuthHeader))
	_ = json.Unmarshal(auth, &f.auth)
	io.WriteString(w, f.pushAnswer)
}

// heard is a reporter that keeps what it is told.
type heard struct{ infos, statuses []string }

func (h *heard) Info(_ context.Context, _, message string) { h.infos = append(h.infos, message) }
func (h *heard) Status(_ context.Context, _, message string) {
	h.statuses = append(h.statuses, message)
}

// inDir makes a folder with the files, given as name and content, and moves
// the test into it, as Pulumi starts a plugin in the program's folder.
func inDir(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		write(t, filepath.Join(dir, name), content)
	}
	t.Chdir(dir)
	return dir
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// props reads inputs from JSON.
func props(t *testing.T, text string) *structpb.Struct {
	t.Helper()
	s := &structpb.Struct{}
	if err := s.UnmarshalJSON([]byte(text)); err != nil {
		t.Fatalf("inputs %s: %v", text, err)
	}
	return s
}

func textOf(s *structpb.Struct, path string) string {
	v := structpb.NewStructValue(s)
	for key := range strings.SplitSeq(path, ".") {
		v = v.GetStructValue().GetFields()[key]
	}
	return v.GetStringValue()
}
