// Follows the server's stream and comes back to it after it was lost.

// The server is never silent for so long (it sends something every 2 s).
const silence = 6000;
const retry = 1000;
// Browsers allow only a few streams to one server over all tabs, so a tab that
// nobody looks at gives its one back. The first message brings all up to date.
const hidden = 10000;

export function follow(url, receive, link) {
  let source, watchdog, again, hiding, ended = false;

  function open() {
    close();
    source = new EventSource(url);
    source.onmessage = (event) => {
      guard();
      link("live");
      if (receive(JSON.parse(event.data))) {
        ended = true;
        close();
        link("ended");
      }
    };
    source.onerror = lost;
    guard();
  }

  function close() {
    source?.close();
    source = undefined;
    clearTimeout(watchdog);
    clearTimeout(again);
  }

  function guard() {
    clearTimeout(watchdog);
    watchdog = setTimeout(lost, silence);
  }

  function lost() {
    close();
    link("lost");
    again = setTimeout(open, retry);
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (ended) return;
    if (document.hidden) hiding = setTimeout(close, hidden);
    else if (!source) open();
  });
  open();
}
