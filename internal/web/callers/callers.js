// Shows who has ejected whom: a state comes whole, and each part of the page that
// it changes is made anew.

import { follow } from "./stream.js";

const $ = (id) => document.getElementById(id);
const links = { connecting: "connecting …", live: "live", lost: "lost the watch; reconnecting …", ended: "the watch has ended" };

function element(name, text, attributes = {}) {
  const e = document.createElement(name);
  e.textContent = text;
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  return e;
}

function row(cells) {
  const tr = document.createElement("tr");
  tr.replaceChildren(...cells);
  return tr;
}

function table(id, titles, rows) {
  const head = document.createElement("thead"), body = document.createElement("tbody");
  head.replaceChildren(row(titles.map((text) => element("th", text, { scope: "col" }))));
  body.replaceChildren(...rows);
  $(id).replaceChildren(head, body);
}

function list(id, lines) {
  $(id).replaceChildren(...lines.map((text) => element("li", text)));
}

// Parts of the state, and what shows each.
const parts = {
  service: (text) => { $("service").textContent = document.title = text; },
  summary: (text) => { $("summary").textContent = text; },
  callers: (callers) => table("callers", ["", "caller", "requests", "out", "ejections", "outlier detection", ""], callers.map((c, i) => row([
    element("td", i + 1), element("th", c.name, { scope: "row" }), element("td", c.requests, { class: "number" }),
    element("td", `${c.out}/${c.pods}`, c.out > 0 ? { "data-tone": "out" } : {}), element("td", c.ejections, { class: "number" }),
    element("td", c.detection), element("td", c.lost, { "data-tone": "out" }),
  ]))),
  pods: ({ callers, rows }) => table("pods", ["pod", ...callers], rows.map((p) => row([
    element("th", p.name, { scope: "row" }), ...p.cells.map((c) => element("td", c.text, { "data-tone": c.tone })),
  ]))),
  quiet: (names) => { $("quiet").textContent = names.length ? `Did not call it: ${names.join(", ")}` : ""; },
  out: (lines) => { list("out", lines); $("out-card").hidden = lines.length === 0; },
  unread: (lines) => { list("unread", lines); $("unread-card").hidden = lines.length === 0; },
  log: (lines) => list("log", lines),
};

const shown = {};

function receive(state) {
  for (const [name, show] of Object.entries(parts)) {
    const text = JSON.stringify(state[name]);
    if (shown[name] !== text) {
      shown[name] = text;
      show(state[name]);
    }
  }
  return state.ended;
}

follow("events", receive, (link) => {
  document.body.dataset.link = link;
  $("link").textContent = links[link];
});
