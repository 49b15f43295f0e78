// The event log, newest first.
const list = document.getElementById("log"), region = list.closest("[role=log]");
const clockFace = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 1 });
const items = new Map(); // by the event's number
// Screen readers are told of a burst once it is over.
const quiet = 1000;
let run, timer;

export function showLog(events, began) {
  if (began !== run) {
    run = began;
    items.clear();
    list.replaceChildren();
  }
  const fresh = events.filter((event) => !items.has(event.id));
  if (fresh.length) busy();
  for (const event of fresh.reverse()) {
    const item = make(event);
    items.set(event.id, item);
    list.prepend(item);
  }
  const oldest = events.at(-1)?.id ?? Infinity;
  for (const [id, item] of items) {
    if (id < oldest) {
      items.delete(id);
      item.remove();
    }
  }
  for (const event of events) say(items.get(event.id), event);
  document.getElementById("no-events").hidden = events.length > 0;
}

function busy() {
  region.setAttribute("aria-busy", "true");
  clearTimeout(timer);
  timer = setTimeout(() => region.setAttribute("aria-busy", "false"), quiet);
}

function make(event) {
  const item = document.createElement("li");
  item.dataset.kind = event.kind;
  item.dataset.pod = event.pod ?? "";
  item.dataset.ejection = event.ejection ?? "";
  item.append(document.createElement("time"), " ", document.createElement("span"));
  return item;
}

// say also corrects what another source knew better later.
function say(item, event) {
  const [time, words] = item.children;
  const at = new Date(event.at);
  if (time.dateTime !== at.toISOString()) {
    time.dateTime = at.toISOString();
    time.textContent = clockFace.format(at);
  }
  if (words.textContent !== event.text) words.textContent = event.text;
}
