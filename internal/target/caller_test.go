package target

import (
	"strings"
	"testing"
)

func TestACallerIsAWorkloadAPodOrANamespace(t *testing.T) {
	for text, want := range map[string]Caller{
		"cart":                 {AnyKind, "cart", "shop"},
		"cart.pay":             {AnyKind, "cart", "pay"},
		"deployment/cart":      {Deployment, "cart", "shop"},
		"deploy/cart.pay":      {Deployment, "cart", "pay"},
		"sts/web":              {StatefulSet, "web", "shop"},
		"daemonsets/agent.ops": {DaemonSet, "agent", "ops"},
		"po/web-0":             {Pod, "web-0", "shop"},
		"namespace/pay":        {WholeNamespace, "", "pay"},
		"ns/pay":               {WholeNamespace, "", "pay"},
	} {
		if got, err := ParseCaller(text, "shop"); err != nil || got != want {
			t.Errorf("ParseCaller(%q) = %+v, %v, want %+v", text, got, err, want)
		}
	}
}

func TestWhatNamesNoCallerIsRefused(t *testing.T) {
	for _, text := range []string{"", "/", ".pay", "cart.", "a.b.c", "job/cart", "deploy/", "deploy/a/b", "pod/a.b.c", "namespace/", "namespace/a.b", "Cart", "Deployment/cart", " cart", "-cart", "cart\n"} {
		if c, err := ParseCaller(text, "shop"); err == nil || !strings.Contains(err.Error(), "must be NAME") {
			t.Errorf("ParseCaller(%q) = %+v, %v; want a refusal", text, c, err)
		}
	}
}

// What is read is written as it is read, wherever it is read.
func FuzzACallerIsWrittenAsItIsRead(f *testing.F) {
	for _, text := range []string{"cart", "cart.pay", "deployment/cart.pay", "sts/web", "pod/web-0", "ns/pay", "a.b.c", "/", "namespace/x.y"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCaller(text, "shop")
		if err != nil {
			return
		}
		if again, err := ParseCaller(c.String(), "elsewhere"); err != nil || again != c {
			t.Errorf("%q is %+v, and %q is %+v, %v", text, c, c, again, err)
		}
	})
}
