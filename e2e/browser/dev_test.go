//go:build dev

package browser

import (
	"fmt"
	"os"
	"testing"
	"time"
)

func TestShots(t *testing.T) {
	p := open(t, start(t))
	p.wait("ejection", time.Minute, `document.querySelectorAll("[data-state=ejected]").length > 1`)
	os.Setenv("WATCH_SCREENSHOTS", "/tmp/shots")
	p.pictures("dev1")
	time.Sleep(time.Until(began.Add(40 * time.Second)))
	p.pictures("dev2")
	time.Sleep(time.Until(began.Add(62 * time.Second)))
	p.pictures("dev3")
	p.wait("end", time.Minute, `document.body.dataset.link === "ended"`)
	fmt.Println("ended seen")
}

var began = time.Now()
