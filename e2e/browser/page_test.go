package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// record keeps what each tile showed, in order.
const record = `window.seen = [];
new MutationObserver(() => {
  for (const tile of document.querySelectorAll("#tiles [data-pod]")) {
    const { pod, version, state, left = "", ejections } = tile.dataset;
    const text = tile.querySelector(".face:not([inert])").innerText;
    const last = window.seen.findLast((s) => s.pod === pod);
    if (last?.state !== state || last?.left !== left) window.seen.push({ pod, version, state, left, text, ejections: Number(ejections), at: Date.now() });
  }
}).observe(document.getElementById("tiles"), { subtree: true, attributes: true, attributeFilter: ["data-state", "data-left"] });
true`

type sight struct {
	Pod, Version, State, Left, Text string
	Ejections                       int
	At                              int64 // milliseconds since 1970
}

// promised is the longest time from Envoy's decision to the screen.
const promised = 500 * time.Millisecond

// cycle is what one faulty pod's tile showed from in rotation to ejected and
// back; false while it has not happened.
func cycle(seen []sight) ([]sight, bool) {
	byPod := map[string][]sight{}
	for _, s := range seen {
		if s.Version != "504" {
			continue
		}
		way := append(byPod[s.Pod], s)
		out := len(way) > 1 && way[1].State == "ejected"
		switch {
		case s.State == "in rotation" && out:
			return way, true
		case s.State == "in rotation":
			way = []sight{s}
		case way[0].State != "in rotation":
			way = nil // it was out before it was watched
		}
		byPod[s.Pod] = way
	}
	return nil, false
}

func TestAPodIsEjectedAndComesBack(t *testing.T) {
	p := open(start(t), t)
	p.switchLoad(true)
	ask[bool](p, record)
	p.wait("an ejection", limit(t), `window.seen.some((s) => s.version === "504" && s.state === "ejected")`)
	p.pictures("ejected")
	var way []sight
	var over bool
	for deadline := time.Now().Add(limit(t)); !over; {
		if way, over = cycle(ask[[]sight](p, "window.seen")); !over && time.Now().After(deadline) {
			t.Fatalf("no pod went from in rotation to ejected and back within %s; seen: %+v", limit(t), ask[[]sight](p, "window.seen"))
		}
		p.wait("the stream", time.Minute, `document.body.dataset.link === "live"`)
	}
	var lefts []int
	for _, s := range way[1 : len(way)-1] {
		if s.State != "ejected" || !strings.Contains(s.Text, "Ejected") {
			t.Errorf("got %+v, want state ejected, and the text to say so", s)
		}
		var left int
		if _, err := fmt.Sscan(s.Left, &left); err != nil {
			t.Errorf("time left %q: %v", s.Left, err)
		}
		if len(lefts) > 0 && left >= lefts[len(lefts)-1] {
			t.Errorf("time left went from %d to %d, want it to fall", lefts[len(lefts)-1], left)
		}
		lefts = append(lefts, left)
		if want := map[bool]string{true: "waiting for the sweep", false: fmt.Sprintf("back in %d", left)}[left == 0]; left < 120 && !strings.Contains(s.Text, want) {
			t.Errorf("text %q does not say %q", s.Text, want)
		}
	}
	if len(lefts) < 2 {
		t.Errorf("times left: got %v, want a countdown", lefts)
	}
	before, after := way[0], way[len(way)-1]
	if after.Ejections < before.Ejections+1 || !strings.Contains(after.Text, "in rotation") {
		t.Errorf("after the return: got %+v, want one ejection more than %d and in rotation", after, before.Ejections)
	}
	decided := ask[int64](p, fmt.Sprintf(`Date.parse(document.querySelector('#log [data-kind="ejected"][data-pod=%q][data-ejection="%d"] time').dateTime)`,
		after.Pod, way[1].Ejections))
	late := time.Duration(way[1].At-decided) * time.Millisecond
	t.Logf("shown %s after the decision", late)
	if late > promised {
		t.Errorf("the ejection was shown %s after the decision, want at most %s", late, promised)
	}
	log := ask[string](p, `document.getElementById("log").innerText`)
	for _, want := range []string{after.Pod + " was ejected", after.Pod + " is back"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %q:\n%s", want, log)
		}
	}
	if words := ask[string](p, `document.getElementById("chart-words").innerText`); !strings.Contains(words, after.Pod+" was out") {
		t.Errorf("the chart's words do not tell of %s: %s", after.Pod, words)
	}
	p.pictures("returned")
}

// switchLoad turns the load on or off with the keyboard, if it is not yet.
func (p *tab) switchLoad(on bool) {
	p.Helper()
	is := fmt.Sprintf(`document.getElementById("load").dataset.on === "%t"`, on)
	if ask[bool](p, is) {
		return
	}
	p.focus("load-switch")
	p.press(map[bool]string{true: "\r", false: " "}[on])
	p.wait("the load's state", 5*time.Second, is)
}

const requests = `Number(document.getElementById("requests").innerText.replaceAll(",", ""))`

func TestTheLoadIsSwitchedWithTheKeyboard(t *testing.T) {
	browser := start(t)
	p := open(browser, t)
	p.switchLoad(true)
	before := ask[int](p, requests)
	p.wait("requests", limit(t), fmt.Sprintf("%s > %d", requests, before))

	p.switchLoad(false)
	if words := ask[string](p, `document.getElementById("load-words").innerText`); !strings.HasPrefix(words, "Off") {
		t.Errorf("load: got %q, want Off", words)
	}
	// Longer than the slowest answer, so that its end is not just a pause.
	ask[bool](p, `window.quiet = { n: -1 }; true`)
	p.wait("requests to stop", time.Minute, fmt.Sprintf(`(() => {
		const n = %s, now = performance.now();
		if (n !== window.quiet.n) window.quiet = { n, since: now };
		return now - window.quiet.since > 6000;
	})()`, requests))

	other := open(browser, t)
	if words := ask[string](other, `document.getElementById("load-words").innerText`); !strings.HasPrefix(words, "Off") {
		t.Errorf("a second page says %q of the load, want Off", words)
	}
	before = ask[int](p, requests)
	other.switchLoad(true)
	p.wait("the first page to know that the load is on", 5*time.Second, `document.getElementById("load-words").innerText.startsWith("On")`)
	p.wait("requests again", limit(t), fmt.Sprintf("%s > %d", requests, before))
}

func TestALostStreamIsSaidAndFollowedAgain(t *testing.T) {
	p := open(start(t), t)
	_, err := chromedp.Call(p.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `window.streams = [];
		window.EventSource = class extends EventSource { constructor(url) { super(url); window.streams.push(this); } };`})
	p.must(err)
	p.must(chromedp.Do(p.ctx, chromedp.Reload()))
	const live = `document.body.dataset.link === "live" && document.querySelectorAll("#tiles [data-pod]").length > 0`
	p.wait("the page to be live", 10*time.Second, live)
	ask[bool](p, `window.streams[0].dispatchEvent(new Event("error"))`)
	if words := ask[string](p, `document.getElementById("link").innerText`); !strings.Contains(words, "reconnecting") {
		t.Errorf("without a stream the page says %q, want that it reconnects", words)
	}
	p.wait("the page to be live again", 10*time.Second, live+" && window.streams.length === 2 && window.streams[0].readyState === EventSource.CLOSED")
}

func TestTheRateIsAppliedAndBadValuesAreRefused(t *testing.T) {
	p := open(start(t), t)
	rate := ask[string](p, `document.getElementById("rate").value`)
	apply := func(value string) {
		p.focus("rate")
		ask[bool](p, `document.activeElement.select(); true`)
		p.press(value + "\r")
	}
	apply("-7")
	p.wait("the refusal", 5*time.Second, `document.querySelector("[role=alert]").innerText.includes("rate -7: must be 0 to 100000 requests a second")
		&& document.getElementById("rate").getAttribute("aria-invalid") === "true"`)
	apply("8")
	p.wait("the rate", 5*time.Second, `document.getElementById("load-problems").innerText === ""
		&& (document.getElementById("load").dataset.on === "false" || document.getElementById("load-words").innerText.includes("8 requests a second"))`)
	apply(rate)
	p.wait("the rate as it was", 5*time.Second, fmt.Sprintf(`document.getElementById("rate").value === %q`, rate))
}

func TestEveryControlHasANameAndEveryPartAPlace(t *testing.T) {
	p := open(start(t), t)
	tree, err := chromedp.Call(p.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	p.must(err)
	found, roles := map[string]int{}, map[accessibility.NodeID]string{}
	for _, node := range tree.Nodes {
		if node.Role != nil {
			roles[node.NodeID] = strings.Trim(fmt.Sprint(node.Role.Value), `"`)
		}
	}
	for _, node := range tree.Nodes {
		if node.Ignored || node.Role == nil {
			continue
		}
		role := strings.Trim(fmt.Sprint(node.Role.Value), `"`)
		found[role]++
		if parent := roles[node.ParentID]; role == "listitem" && parent != "list" {
			t.Errorf("an item of a list is in a %q", parent)
		}
		name := ""
		if node.Name != nil {
			name = strings.Trim(fmt.Sprint(node.Name.Value), `"`)
		}
		switch role {
		case "button", "spinbutton", "region", "log", "image", "img", "heading":
			if strings.TrimSpace(name) == "" {
				t.Errorf("a %s without a name", role)
			}
		}
	}
	for _, role := range []string{"banner", "main", "button", "spinbutton", "log", "region", "heading", "article", "status"} {
		if found[role] == 0 {
			t.Errorf("no %s in the accessibility tree: %v", role, found)
		}
	}
}

func TestThePageFitsAPhone(t *testing.T) {
	p := open(start(t), t)
	for _, width := range []int64{320, 390, 768, 1280} {
		p.must(chromedp.Do(p.ctx, chromedp.EmulateViewport(width, 844)))
		p.wait(fmt.Sprintf("a page without sideways scrolling at %d pixels", width), 5*time.Second,
			`document.documentElement.scrollWidth <= window.innerWidth`)
	}
}

func TestWhoWantsNoMotionGetsNone(t *testing.T) {
	p := open(start(t), t)
	p.prefer("prefers-reduced-motion", "reduce")
	p.wait("no motion", 5*time.Second, `[...document.querySelectorAll(".tile, .flip")].every((e) => {
		const style = getComputedStyle(e);
		return style.transitionDuration === "0s" && style.animationName === "none" && style.transform === "none";
	})`)
}

// pictures writes what the page looks like to WATCH_SCREENSHOTS, if that is set.
func (p *tab) pictures(name string) {
	p.Helper()
	dir := os.Getenv("WATCH_SCREENSHOTS")
	if dir == "" {
		return
	}
	for _, look := range []struct {
		name          string
		width, height int64
		scheme        string
	}{{"desktop", 1280, 900, "light"}, {"dark", 1280, 900, "dark"}, {"phone", 390, 844, "light"}} {
		p.must(chromedp.Do(p.ctx, chromedp.EmulateViewport(look.width, look.height)))
		p.prefer("prefers-color-scheme", look.scheme)
		p.wait("the tiles to have turned", 5*time.Second, `document.getAnimations().every((a) => !a.effect.target.matches(".flip, .tile"))`)
		picture, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
		p.must(err)
		p.must(os.WriteFile(filepath.Join(dir, name+"-"+look.name+".png"), picture, 0o644))
	}
	p.must(chromedp.Do(p.ctx, chromedp.EmulateViewport(1280, 900)))
	p.prefer("prefers-color-scheme", "light")
}
