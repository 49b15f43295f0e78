// A tile for each pod. It turns over when the pod is ejected; of its two faces
// only the one in front can be read, by eye or by screen reader.
import { count, ordinal, text } from "./words.js";

const list = document.getElementById("tiles");
const template = document.getElementById("tile");
const tiles = new Map(); // by the pod's name

export function showTiles(pods, threshold, now) {
  const names = new Set(pods.map((pod) => pod.name));
  for (const [name, tile] of tiles) {
    if (!names.has(name)) {
      tiles.delete(name);
      leave(tile.element);
    }
  }
  let before = null;
  for (const pod of pods) {
    let tile = tiles.get(pod.name);
    if (!tile) {
      tile = { element: template.content.firstElementChild.cloneNode(true) };
      tiles.set(pod.name, tile);
    }
    tile.pod = pod;
    const place = before ? before.nextElementSibling : list.firstElementChild;
    if (tile.element !== place) put(tile.element, place);
    before = tile.element;
    fill(tile, threshold);
    tickTile(tile, now);
  }
  document.getElementById("no-pods").hidden = pods.length > 0;
}

// Moved in place where the browser can, so that a tile turns over on its way.
function put(element, place) {
  if (element.isConnected && list.moveBefore) list.moveBefore(element, place);
  else list.insertBefore(element, place);
}

export function tickTiles(now) {
  for (const tile of tiles.values()) tickTile(tile, now);
}

const stateWords = {
  "in rotation": "in rotation: gets requests",
  ejected: "Ejected",
  terminating: "terminating: is going away",
  unknown: "not known to the sidecar yet",
};

function fill({ element, pod }, threshold) {
  element.dataset.pod = pod.name;
  element.dataset.version = pod.version;
  element.dataset.ejections = pod.ejections;
  element.dataset.requests = pod.requests;
  element.dataset.inARow = pod.inARow;
  const out = pod.state === "ejected";
  if (element.dataset.state !== pod.state) {
    element.dataset.state = pod.state;
    face(element, ".front", !out);
    face(element, ".back", out);
  }
  each(element, ".name", pod.name);
  each(element, ".version", pod.version ? `answers ${pod.version}` : "");
  each(element, ".front .state-words", stateWords[pod.state] ?? pod.state);
  each(element, ".back .state-words", pod.ejections > 1 ? `Ejected, ${ordinal(pod.ejections)} time` : "Ejected");
  each(element, ".n-ok", count(pod.ok));
  each(element, ".n-failed", count(pod.failed));
  each(element, ".n-other", count(pod.other));
  each(element, ".n-ejections", `${count(pod.ejections)}×`);
  for (const box of element.querySelectorAll(".n-other-box")) box.hidden = pod.other === 0;
  each(element, ".gauge-words", threshold ? `${pod.inARow} of ${threshold}` : `${pod.inARow}, no limit`);
  const gauge = element.querySelector(".gauge");
  gauge.style.setProperty("--full", threshold ? Math.min(pod.inARow / threshold, 1) : 0);
  gauge.style.setProperty("--steps", threshold <= 25 ? Math.max(threshold, 1) : 1);
  gauge.dataset.level = !threshold || pod.inARow === 0 ? "none" : pod.inARow / threshold >= 0.7 ? "high" : "some";
}

function face(element, which, front) {
  const side = element.querySelector(which);
  side.inert = !front;
  side.setAttribute("aria-hidden", String(!front));
}

function tickTile({ element, pod }, now) {
  if (pod.state !== "ejected") {
    delete element.dataset.left;
    return;
  }
  const left = Math.ceil(Math.min(Math.max(pod.back - now, 0), pod.out) / 1000);
  const known = pod.back > 0;
  element.dataset.left = known ? left : "";
  element.dataset.waiting = known && left === 0;
  each(element, ".left", !known ? "since before this watch began" : left > 0 ? `back in ${seconds(left)} at the earliest` : "waiting for the sweep");
  each(element, ".dial-words", !known || left === 0 ? "" : left < 1000 ? String(left) : "");
  element.style.setProperty("--left", known && pod.out > 0 ? Math.min(Math.max((pod.back - now) / pod.out, 0), 1) : 0);
}

function seconds(n) {
  return n < 120 ? `${n} s` : `${Math.floor(n / 60)} min ${n % 60} s`;
}

function each(element, selector, words) {
  for (const target of element.querySelectorAll(selector)) text(target, words);
}

function leave(element) {
  delete element.dataset.pod;
  element.inert = true;
  element.classList.add("leaving");
  setTimeout(() => element.remove(), 400);
}
