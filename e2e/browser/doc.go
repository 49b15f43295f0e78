// Package browser proves the page of `observe watch --web` in a real Chromium.
// It is a module of its own, so that nothing else has to carry a browser driver.
//
// It takes the page's URL from WATCH_URL: of the lab, or of the simulated mesh
// with which internal/web runs these tests (`go test -tags browser
// ./internal/web`). What it asserts holds for both. With the tag browser it has tests
// of the page of `observe watch --service NAME --web`, too, whose service is simulated
// there. Further settings:
//
//   - WATCH_LIMIT: how long a pod's whole way out and back may take (5m)
//   - WATCH_SCREENSHOTS: a directory for pictures of the page
//   - CHROMIUM: the browser's program, where it has another name than usual
package browser
