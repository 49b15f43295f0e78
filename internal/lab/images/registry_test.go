package images

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const v2 = "docker/registry/v2/"

func sum(content string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(content))) }

func blobFile(content string) string {
	return v2 + "blobs/sha256/" + sum(content)[:2] + "/" + sum(content) + "/data"
}

// The content of an image as a registry keeps it.
const config, layer = `{"os":"linux"}`, "the layer"

var manifest = fmt.Sprintf(`{"schemaVersion":2,"config":{"size":%d,"digest":"sha256:%s"},"layers":[{"size":%d,"digest":"sha256:%s"}]}`,
	len(config), sum(config), len(layer), sum(layer))

// The files that the registry keeps an image in, by what they are.
var kept = map[string]string{
	"tag":      v2 + "repositories/istio/pilot/_manifests/tags/abc/current/link",
	"revision": v2 + "repositories/istio/pilot/_manifests/revisions/sha256/" + sum(manifest) + "/link",
	"layer":    v2 + "repositories/istio/pilot/_layers/sha256/" + sum(layer) + "/link",
	"config":   v2 + "repositories/istio/pilot/_layers/sha256/" + sum(config) + "/link",
}

// pushed fills a registry's folder with the image small, as a push does.
func pushed(t *testing.T, storage string) {
	t.Helper()
	files(t, storage, map[string]string{
		kept["tag"]: "sha256:" + sum(manifest), kept["revision"]: "sha256:" + sum(manifest),
		kept["layer"]: "sha256:" + sum(layer), kept["config"]: "sha256:" + sum(config),
		blobFile(manifest): manifest, blobFile(config): config, blobFile(layer): layer,
		v2 + "repositories/pause/_manifests/tags/1/current/link": "sha256:" + sum("of another image"),
		blobFile("of another image"):                             "of another image",
	})
}

func TestPushDoesNothingWhereTheRegistryHasTheImageWhole(t *testing.T) {
	write := func(name, content string) func(*testing.T, string) {
		return func(t *testing.T, storage string) { files(t, storage, map[string]string{name: content}) }
	}
	remove := func(name string) func(*testing.T, string) {
		return func(t *testing.T, storage string) {
			if err := os.Remove(filepath.Join(storage, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		name  string
		wreck func(t *testing.T, storage string)
		whole bool
	}{
		{"whole", func(*testing.T, string) {}, true},
		{"no such tag", remove(kept["tag"]), false},
		{"an empty tag", write(kept["tag"], ""), false},
		{"a tag that is cut off", write(kept["tag"], "sha256:"+sum(manifest)[:9]), false},
		{"a tag that holds nonsense", write(kept["tag"], strings.Repeat("\x00", 71)), false},
		{"no revision", remove(kept["revision"]), false},
		{"an empty revision", write(kept["revision"], ""), false},
		{"an empty layer link", write(kept["layer"], ""), false},
		{"no layer link", remove(kept["layer"]), false},
		{"an empty config link", write(kept["config"], ""), false},
		{"an empty manifest", write(blobFile(manifest), ""), false},
		{"a manifest that is cut off", write(blobFile(manifest), manifest[:20]), false},
		{"an empty layer", write(blobFile(layer), ""), false},
		{"a layer that is cut off", write(blobFile(layer), layer[:3]), false},
		{"no layer", remove(blobFile(layer)), false},
		{"a config that is cut off", write(blobFile(config), config[:3]), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			run := &fakeRunner{}
			e := engine(t, run)
			pushed(t, e.Storage)
			tt.wreck(t, e.Storage)
			if err := e.Push(t.Context(), small); err != nil {
				t.Fatal(err)
			}
			if whole := len(run.asked) == 0; whole != tt.whole {
				t.Errorf("ran %q, want nothing: %v", run.asked, tt.whole)
			}
			// What is pushed must not meet what was broken.
			below := everything(t, e.Storage)
			for _, name := range slices.Sorted(maps.Values(kept)) {
				if _, there := below[name]; there != tt.whole {
					t.Errorf("%s: there %v", name, there)
				}
			}
			for name, content := range below {
				if strings.HasSuffix(name, "/data") && blobFile(content) != name {
					t.Errorf("%s holds %q", name, content)
				}
			}
			if _, there := below[blobFile("of another image")]; !there {
				t.Error("another image's blob is gone")
			}
		})
	}
}

func everything(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		found[strings.TrimPrefix(path, dir+"/")] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestWhatAKillHasLeftInTheRegistryIsRemoved(t *testing.T) {
	storage := t.TempDir()
	if err := Repair(storage); err != nil {
		t.Fatalf("of a registry that holds nothing: %v", err)
	}
	pushed(t, storage)
	whole := everything(t, storage)
	files(t, storage, map[string]string{
		v2 + "repositories/servicex/_manifests/tags/1/current/link":          "",
		v2 + "repositories/servicex/_manifests/tags/1/index/sha256/abc/link": "sha2",
		v2 + "repositories/servicex/_layers/sha256/" + sum("x") + "/link":    "",
		v2 + "repositories/servicex/_uploads/0b6e/data":                      "half",
		v2 + "repositories/servicex/_uploads/0b6e/startedat":                 "2026",
		v2 + "repositories/servicex/_uploads/0b6e/hashstates/sha256/0":       "state",
		v2 + "blobs/sha256/" + sum("y")[:2] + "/" + sum("y") + "/data":       "",
		v2 + "repositories/istio/pilot/_manifests/tags/broken/current/link":  "\x00\x00",
	})
	if err := Repair(storage); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole, everything(t, storage)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}
