package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// watchURL is the page under test.
func watchURL(t *testing.T) string {
	t.Helper()
	url := os.Getenv("WATCH_URL")
	if url == "" {
		t.Fatal("WATCH_URL is not set: start `observe watch --web` and give the URL that it prints")
	}
	return url
}

// limit of a pod's whole way out and back: in the lab it takes ten slow errors
// and then the base ejection time.
func limit(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("WATCH_LIMIT")
	if text == "" {
		return 5 * time.Minute
	}
	limit, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("reading WATCH_LIMIT: %v", err)
	}
	return limit
}

func chromium() (string, error) {
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"}
	if name := os.Getenv("CHROMIUM"); name != "" {
		names = []string{name}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no browser among %s; install one: apt-get install chromium", strings.Join(names, ", "))
}

// start runs a browser for one test, with a profile of its own.
func start(t *testing.T) context.Context {
	t.Helper()
	path, err := chromium()
	if err != nil {
		t.Fatal(err)
	}
	profile, err := os.MkdirTemp("", "chromium-")
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.DisableGPU, chromedp.UserDataDir(profile),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	if os.Geteuid() == 0 { // its sandbox does not work for root
		options = append(options, chromedp.NoSandbox)
	}
	program, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(func() {
		stop()
		remove(t, profile)
	})
	browser, _ := chromedp.NewContext(program) // stops with its program
	if err := chromedp.Do(browser); err != nil {
		t.Fatalf("starting %s: %v", path, err)
	}
	return browser
}

// remove tries again, as the browser's children write for a moment longer.
func remove(t *testing.T, dir string) {
	deadline := time.Now().Add(10 * time.Second)
	for err := os.RemoveAll(dir); err != nil; err = os.RemoveAll(dir) {
		if time.Now().After(deadline) {
			t.Errorf("removing the browser's profile: %v", err)
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// tab is a tab with the page. Its test fails when the tab loads anything from elsewhere, or
// anything goes wrong in it.
type tab struct {
	*testing.T
	ctx context.Context
}

// open shows the page in a new tab, and waits until it is live.
func open(browser context.Context, t *testing.T) *tab {
	t.Helper()
	return openWith(browser, t, "#tiles [data-pod]")
}

// openWith waits until what a selector chooses is there, too.
func openWith(browser context.Context, t *testing.T, selector string) *tab {
	t.Helper()
	url := watchURL(t)
	ctx, stop := chromedp.NewContext(browser)
	t.Cleanup(stop)
	p := &tab{t, ctx}
	var mu sync.Mutex
	var wrong []string
	p.must(chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900)))
	p.must(chromedp.Listen(ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, url) {
				wrong = append(wrong, "loaded "+e.Request.URL)
			}
		case *runtime.EventExceptionThrown:
			wrong = append(wrong, fmt.Sprintf("exception: %+v", e.ExceptionDetails))
		case *log.EventEntryAdded:
			// A refused value is a 400, and Chromium logs it.
			if e.Entry.Level == log.EntryLevelError && !strings.Contains(e.Entry.Text, "400") {
				wrong = append(wrong, e.Entry.Text)
			}
		}
	}))
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, line := range slices.Compact(wrong) {
			t.Errorf("in the page: %s", line)
		}
	})
	p.must(chromedp.Do(ctx, chromedp.Navigate(url)))
	p.wait("the page to be live", 10*time.Second, fmt.Sprintf(`document.body.dataset.link === "live" && document.querySelector(%q) !== null`, selector))
	return p
}

func (p *tab) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// ask evaluates an expression in the page.
func ask[T any](p *tab, expression string) T {
	p.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.Fatalf("evaluating %s: %v", expression, err)
	}
	return value
}

// wait for an expression to be true.
func (p *tab) wait(what string, limit time.Duration, expression string) {
	p.Helper()
	ctx, stop := context.WithTimeout(p.ctx, limit)
	defer stop()
	for {
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		switch {
		case ok && err == nil:
			return
		case errors.Is(err, context.DeadlineExceeded):
			p.Fatalf("waiting for %s: not within %s; the page says:\n%s", what, limit, ask[string](p, "document.body.innerText"))
		case err != nil:
			p.Fatalf("waiting for %s: %v", what, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// focus goes to an element with the Tab key alone.
func (p *tab) focus(id string) {
	p.Helper()
	for range 50 {
		if ask[string](p, `document.activeElement?.id ?? ""`) == id {
			if !ask[bool](p, `document.activeElement.matches(":focus-visible") && getComputedStyle(document.activeElement).outlineStyle !== "none"`) {
				p.Errorf("#%s does not show that it has the focus", id)
			}
			return
		}
		p.press("\t")
	}
	p.Fatalf("the Tab key does not reach #%s", id)
}

func (p *tab) press(keys string) {
	p.Helper()
	p.must(chromedp.Do(p.ctx, chromedp.KeyEvent(keys)))
}

// prefer sets what the user prefers, such as prefers-color-scheme.
func (p *tab) prefer(name, value string) {
	p.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia,
		emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: name, Value: value}}})
	p.must(err)
}
