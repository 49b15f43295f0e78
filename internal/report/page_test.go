package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/golden"
	"istio-circuit-breaker/internal/timeline"
)

// made is a recording's page.
func made(t *testing.T, entries []timeline.Entry) string {
	t.Helper()
	var page bytes.Buffer
	if err := of(t, entries...).HTML(&page); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

func TestThePageReadsAsInTestdata(t *testing.T) {
	for name := range scenes {
		t.Run(name, func(t *testing.T) {
			golden.Check(t, name+".html", made(t, recording(t, name)))
		})
	}
}

func TestThePageIsTheSameEachTimeAndEverywhere(t *testing.T) {
	entries := recording(t, "restless")
	first := made(t, entries)
	local := time.Local
	defer func() { time.Local = local }()
	time.Local = time.FixedZone("elsewhere", -5*3600)
	for range 5 {
		if made(t, entries) != first {
			t.Fatal("the same recording made another page")
		}
	}
}

var (
	void   = regexp.MustCompile(`<(meta|wbr)([^>]*)>`)
	inline = regexp.MustCompile(`(?s)<(style|script)>.*?</(style|script)>`)
)

// elements are those of a page, which has to be well-formed, as XML is.
func elements(t *testing.T, page string) []xml.StartElement {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(void.ReplaceAllString(inline.ReplaceAllString(page, ""), "<$1$2/>")))
	var all []xml.StartElement
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
		if e, ok := token.(xml.StartElement); ok {
			all = append(all, e.Copy())
		}
	}
}

// pages are those that the tests look at.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{"large": made(t, large(20_000, 40)), "hostile": made(t, hostile()), "unproven": made(t, unproven())}
	for name := range scenes {
		all[name] = made(t, recording(t, name))
	}
	return all
}

func TestThePageIsWellFormedAndAccessible(t *testing.T) {
	for name, page := range pages(t) {
		t.Run(name, func(t *testing.T) {
			ids, refs := map[string]bool{}, []string{}
			open := map[string]int{}
			for _, e := range elements(t, page) {
				open[e.Name.Local]++
				attr := map[string]string{}
				for _, a := range e.Attr {
					attr[a.Name.Local] = a.Value
				}
				if id := attr["id"]; id != "" && ids[id] {
					t.Errorf("id %q is there twice", id)
				} else if id != "" {
					ids[id] = true
				}
				refs = append(refs, strings.Fields(attr["aria-labelledby"])...)
				switch e.Name.Local {
				case "svg":
					if attr["aria-hidden"] == "" && (attr["role"] != "img" || attr["aria-labelledby"] == "") {
						t.Errorf("a drawing has neither name nor aria-hidden: %v", e.Attr)
					}
				case "th":
					if attr["scope"] == "" {
						t.Errorf("a heading of a table has no scope: %v", e.Attr)
					}
				case "html":
					if attr["lang"] == "" {
						t.Error("the page has no language")
					}
				}
			}
			for _, ref := range refs {
				if !ids[ref] {
					t.Errorf("aria-labelledby names %q, which is not there", ref)
				}
			}
			if open["h1"] != 1 || open["main"] != 1 || open["caption"] != open["table"] || open["figcaption"] != open["figure"] {
				t.Errorf("got %d h1, %d main, %d captions of %d tables, %d captions of %d figures",
					open["h1"], open["main"], open["caption"], open["table"], open["figcaption"], open["figure"])
			}
		})
	}
}

func TestThePageNeedsNothingElseAndAllowsNothingElse(t *testing.T) {
	for name, page := range pages(t) {
		t.Run(name, func(t *testing.T) {
			bare := inline.ReplaceAllString(page, "")
			if name != "hostile" && regexp.MustCompile(`(?i)https?:|//[a-z]`).MatchString(bare) {
				t.Error("the page refers to an address")
			}
			for _, text := range []string{style, script} {
				if regexp.MustCompile(`(?i)https?:|url\(|@import|fetch\(|XMLHttp|import\(`).MatchString(text) {
					t.Error("style or script refers to an address")
				}
			}
			for _, e := range elements(t, page) {
				for _, a := range e.Attr {
					n := a.Name.Local
					if strings.HasPrefix(n, "on") || n == "style" || n == "src" || n == "srcset" || n == "href" && !strings.HasPrefix(a.Value, "#") {
						t.Errorf("<%s %s=%q>", e.Name.Local, n, a.Value)
					}
				}
				switch e.Name.Local {
				case "link", "img", "iframe", "object", "embed", "image", "use", "foreignObject", "a":
					if e.Name.Local != "a" {
						t.Errorf("the page has <%s>", e.Name.Local)
					}
				}
			}
			policy := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)
			if policy == nil {
				t.Fatal("the page has no policy")
			}
			allowed := strings.NewReplacer("&#39;", "'", "&#43;", "+").Replace(policy[1])
			if !strings.HasPrefix(allowed, "default-src 'none'; ") || strings.Contains(allowed, "unsafe") {
				t.Errorf("the policy is %q", allowed)
			}
			// The browser takes the hash of exactly what stands in the element.
			for _, kind := range []string{"style", "script"} {
				text := regexp.MustCompile(`(?s)<`+kind+`>(.*?)</`+kind+`>`).FindAllStringSubmatch(page, -1)
				if len(text) != 1 {
					t.Fatalf("got %d elements %s, want 1", len(text), kind)
				}
				sum := sha256.Sum256([]byte(text[0][1]))
				if !strings.Contains(allowed, kind+"-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
					t.Errorf("the policy %q does not allow the page's %s", allowed, kind)
				}
			}
		})
	}
}

// nasty is what a pod's name, or anything else that a recording holds, might be.
const nasty = "</title></svg></style></script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{.}}]]>\x00\u202e\xff"

func hostile() []timeline.Entry {
	h := head(nasty, rule(3, time.Second, 50))
	h.Header.Context, h.Header.Namespace, h.Header.Service, h.Header.Label, h.Header.Rule.Balancer = nasty, nasty, nasty, nasty, nasty
	h.Header.Sidecar, h.Header.Versions = &timeline.Sidecar{Cluster: nasty}, map[string]string{nasty: nasty}
	e := ejected(2, 2, nasty, 1, 3)
	e.Event.Cause, e.Event.Source, e.Event.Detail = nasty, nasty, nasty
	return []timeline.Entry{h,
		seen(0, timeline.Counters{Exported: true}, timeline.Pod{Name: nasty, Version: nasty, Address: nasty, State: timeline.State(nasty)}),
		{Time: at(1), Answer: &timeline.Answer{Code: 504, Pod: nasty, Version: nasty, Error: nasty, Latency: time.Second}},
		e, happened(3, timeline.Event{Kind: timeline.EventKind(nasty), Pod: nasty, Detail: nasty}),
		happened(3, timeline.Event{Kind: timeline.SourceLost, Source: nasty, Detail: nasty}),
		{Time: at(4), Phase: &timeline.Phase{Name: nasty, Pod: nasty, Expected: nasty, Measured: nasty, Tolerance: nasty, Why: nasty, Diagnosis: nasty, Missing: nasty, Evidence: []string{nasty}}},
		{Time: at(4), Step: &timeline.Step{Phase: nasty, Why: nasty}}, {Time: at(4), Symptom: &timeline.Symptom{Code: nasty, Detail: nasty, Source: nasty}},
		{Time: at(4), Clock: &timeline.Clock{Name: nasty, Source: nasty}},
		{Time: at(5), Verdict: &timeline.Verdict{Words: nasty + "\n" + nasty}},
	}
}

func TestWhatARecordingHoldsStaysText(t *testing.T) {
	page := made(t, hostile())
	for _, e := range elements(t, page) { // and is well-formed
		if e.Name.Local == "img" {
			t.Error("text of the recording made an element")
		}
	}
	if n := strings.Count(page, "<script"); n != 1 {
		t.Errorf("got %d scripts, want the page's own", n)
	}
	if !strings.Contains(page, "&lt;script&gt;alert(1)&lt;/script&gt;") {
		t.Error("the pod's name is not on the page")
	}
}
