package web

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/callers"
	"istio-circuit-breaker/internal/target"
	"istio-circuit-breaker/internal/timeline"
)

// fortyPods are those of a service that has two callers, of whom one has ejected
// the last.
func fortyPods() callers.Matrix {
	t := target.Target{Service: "reviews", Namespace: "shop", Port: 9080}
	view := func(name string) callers.View {
		v := callers.View{Caller: callers.Caller{Workload: name, Namespace: "shop", Pod: name + "-1"}, Cluster: t.Cluster(), Requests: 7}
		for i := range 40 {
			v.Pods = append(v.Pods, callers.Cell{Pod: fmt.Sprintf("reviews-%02d", i+1)})
		}
		return v
	}
	cart, web := view("cart"), view("web")
	cart.Pods[39].Out, cart.Pods[39].Since = true, callers.Between{Earliest: time.Now().Add(-time.Hour), Latest: time.Now().Add(-time.Hour)}
	web.Pods[4].Ejections = 2
	return callers.Matrix{Target: t, Began: time.Now(), Views: []callers.View{cart, web}, Unread: []callers.Unread{{Name: "way-1.shop", Reason: "it is a waypoint"}}}
}

func openedCallers(t *testing.T) *CallersPage {
	t.Helper()
	p, err := OpenCallers(t.Context(), "", fortyPods)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestThePageOfCallersHasThoseThatAreOutFirst(t *testing.T) {
	p := openedCallers(t)
	p.Show(callers.Event{Time: time.Now(), Kind: timeline.PodEjected, Caller: "cart-1.shop", Pod: "reviews-40"})
	response, err := http.Get(p.URL + "events")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var s callersState
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if data, is := strings.CutPrefix(lines.Text(), "data: "); is {
			if err := json.Unmarshal([]byte(data), &s); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	if len(s.Pods.Rows) != 40 || s.Pods.Rows[0].Name != "reviews-40" || s.Pods.Rows[0].Cells[0] != (podCell{"out 60m", "out"}) || s.Pods.Rows[0].Cells[1] != (podCell{"in", "in"}) {
		t.Fatalf("the first of %d pods: got %+v", len(s.Pods.Rows), s.Pods.Rows)
	}
	if r := s.Pods.Rows[1]; r.Name != "reviews-05" || r.Cells[1] != (podCell{"in, 2×", "was"}) {
		t.Errorf("the second: got %+v", r)
	}
	if len(s.Out) != 1 || !strings.HasPrefix(s.Out[0], "reviews-40 for cart-1.shop since ") || len(s.Unread) != 1 || len(s.Log) != 1 || s.Summary == "" {
		t.Errorf("got %+v", s)
	}
}

func TestTheEndIsTheLastThatABrowserHears(t *testing.T) {
	p := openedCallers(t)
	response, err := http.Get(p.URL + "events")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	go p.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(text)), `"ended":true}`) {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestEveryFileOfThePageOfCallersIsServedHere(t *testing.T) {
	p := openedCallers(t)
	for name, kind := range map[string]string{"": ".html", "callers.js": ".js", "callers.css": ".css", "style.css": ".css", "stream.js": ".js", "icon.svg": ".svg"} {
		answer, err := http.Get(p.URL + name)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != types[kind] || answer.Header.Get("Content-Security-Policy") != policy {
			t.Errorf("%q: got %s, %v", name, answer.Status, answer.Header)
		}
	}
	request, err := http.NewRequest(http.MethodGet, p.URL+"events", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		t.Errorf("to another site: got %s", answer.Status)
	}
}

// The script fills the page by id: each one has to be there, and each member of
// the state needs a part of the script.
func TestTheScriptOfCallersFitsItsPageAndState(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile("callers/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	page, script := read("index.html"), read("callers.js")
	ids := regexp.MustCompile(`(?:\$|list|table)\("([a-z-]+)"`).FindAllStringSubmatch(script, -1)
	if len(ids) < 8 {
		t.Fatalf("only %d ids in the script", len(ids))
	}
	for _, id := range ids {
		if !strings.Contains(page, `id="`+id[1]+`"`) {
			t.Errorf("the page has nothing called %q", id[1])
		}
	}
	text, err := json.Marshal(callersState{})
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	for name := range members {
		if !strings.Contains(script, "\n  "+name+": ") && name != "ended" {
			t.Errorf("the script shows no %q", name)
		}
	}
}
