package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNamespacesOfTheClusterAreOfferedWhereItAnswers(t *testing.T) {
	answers := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case answers <- struct{}{}:
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"items":[{"metadata":{"name":"shop"}},{"metadata":{"name":"default"}},{"metadata":{"name":"shipping"}}]}`)
		default: // it hangs from then on
			<-r.Context().Done()
		}
	}))
	defer server.Close()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{"current-context":"c","contexts":[{"name":"c","context":{"cluster":"c"}}],"clusters":[{"name":"c","cluster":{"server":%q}}]}`, server.URL)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"shop\nshipping\n:4\n", ":4\n"} {
		var stdout strings.Builder
		if err := newCall(observe, &stdout, io.Discard).run(t.Context(), []string{"__complete", "watch", "--kubeconfig", path, "-n", "sh"}); err != nil || stdout.String() != want {
			t.Errorf("got %v and %q, want %q", err, stdout.String(), want)
		}
	}
}
