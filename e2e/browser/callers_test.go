//go:build browser

package browser

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// callersPage is the page of a service with five callers and fifty pods, of which
// one after the other is ejected.
func callersPage(t *testing.T) *tab {
	t.Helper()
	p := openWith(start(t), t, "#pods tbody tr")
	if rows, columns := ask[int](p, `document.querySelectorAll("#pods tbody tr").length`), ask[int](p, `document.querySelectorAll("#pods thead th").length`); rows != 50 || columns != 6 {
		t.Fatalf("the table has %d rows and %d columns, want 50 pods and a column for the name and for each of 5 callers", rows, columns)
	}
	return p
}

func TestCallersPageHasEjectedPodsInSight(t *testing.T) {
	p := callersPage(t)
	for range 5 {
		// In one answer, for the table changes all the time.
		wrong := ask[string](p, `(() => {
			const rows = [...document.querySelectorAll("#pods tbody tr")];
			const out = (row) => row.querySelectorAll("td[data-tone=out]").length;
			const first = rows.findIndex((row) => out(row) === 0);
			if (first <= 0) return "no row has a pod that is out, or each has";
			for (const row of rows.slice(first)) if (out(row) > 0) return row.innerText + " stands below a pod that is in";
			for (const row of rows.slice(0, first)) {
				const box = row.getBoundingClientRect();
				if (box.height === 0 || box.top < 0 || box.bottom > innerHeight) return row.innerText + " is out of sight";
			}
			if (document.getElementById("out-card").hidden) return "the pods that are out are not told";
			return "";
		})()`)
		if wrong != "" {
			t.Fatal(wrong)
		}
		before := ask[string](p, `document.getElementById("pods").innerText`)
		p.wait("the table to change", 10*time.Second, fmt.Sprintf(`document.getElementById("pods").innerText !== %q`, before))
	}
}

func TestCallersPageIsLiveWithoutBeingLoadedAgain(t *testing.T) {
	p := callersPage(t)
	const first = `document.querySelector("#log li").textContent`
	ask[bool](p, `(window.sameDocument = true)`)
	for range 3 {
		p.wait("something to have happened", 10*time.Second, `document.querySelector("#log li") !== null`)
		before := ask[string](p, first)
		p.wait("the log's first line to be a newer one", 10*time.Second, fmt.Sprintf(`%s !== %q`, first, before))
	}
	if !ask[bool](p, `window.sameDocument === true`) {
		t.Error("the page was loaded again")
	}
}

func TestCallersPageIsReadWithTheKeyboardOnANarrowWindow(t *testing.T) {
	p := callersPage(t)
	const focused = `document.activeElement.closest(".wide") !== null`
	for _, width := range []int64{320, 390, 768, 1280} {
		p.must(chromedp.Do(p.ctx, chromedp.EmulateViewport(width, 844)))
		p.wait(fmt.Sprintf("a page without sideways scrolling at %d pixels", width), 5*time.Second,
			`document.documentElement.scrollWidth <= window.innerWidth`)
	}
	p.must(chromedp.Do(p.ctx, chromedp.EmulateViewport(320, 844)))
	p.wait("the table to be wider than its place", 5*time.Second, `document.querySelector(".wide").scrollWidth > document.querySelector(".wide").clientWidth`)
	for range 10 {
		if ask[bool](p, focused) {
			break
		}
		p.press("\t")
	}
	if !ask[bool](p, focused+` && document.activeElement.querySelector("#pods") !== null`) {
		t.Fatal("the Tab key does not reach the table of pods")
	}
	if !ask[bool](p, `document.activeElement.matches(":focus-visible") && getComputedStyle(document.activeElement).outlineStyle !== "none"`) {
		t.Error("the table does not show that it has the focus")
	}
	p.press(kb.ArrowRight)
	p.wait("the arrow key to scroll the table", 5*time.Second, `document.querySelector(".wide").scrollLeft > 0`)
	before := ask[string](p, `document.getElementById("pods").innerText`)
	p.wait("the table to change", 10*time.Second, fmt.Sprintf(`document.getElementById("pods").innerText !== %q`, before))
	if !ask[bool](p, focused+` && document.querySelector(".wide").scrollLeft > 0`) {
		t.Error("what changes takes the focus or the place away")
	}
}
