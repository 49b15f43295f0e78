// The rolling chart: bars of answers a second by code, and below them a lane for
// each pod with its times out. The same is said in words below it.
import { plural, text } from "./words.js";

const svg = document.getElementById("chart");
const grid = svg.querySelector(".grid"), lanes = svg.querySelector(".lanes");
const bars = [".ok", ".gateway", ".other", ".none"].map((name) => svg.querySelector(name));
const span = 90; // seconds that are shown
const left = 34, right = 8, top = 8, height = 150, lane = 31;
let said = 0;

export function drawChart({ run, seconds, bands, pods }, now) {
  const width = svg.clientWidth || 600;
  const right0 = width - right;
  const wide = (right0 - left) / span; // of one second
  const x = (ms) => right0 - ((now - ms) / 1000) * wide;
  const shown = seconds.filter(([second]) => (second + 1) * 1000 > now - span * 1000);
  const most = niceAbove(Math.max(4, ...shown.map(([, ...codes]) => codes.reduce((a, b) => a + b))));
  const y = (n) => top + height - (n / most) * height;

  // In one order, whichever pods are out.
  const order = [...pods].sort((a, b) => compare(a.version, b.version) || compare(a.name, b.name));
  const names = [...new Set([...order.map((pod) => pod.name), ...bands.map((band) => band.pod)])];
  const total = top + height + 30 + names.length * lane + 2;
  svg.setAttribute("viewBox", `0 0 ${width} ${total}`);
  svg.style.setProperty("--tall", `${total}px`);

  const paths = bars.map(() => "");
  const clip = (at) => Math.min(Math.max(at, left), right0);
  for (const [second, ...codes] of shown) {
    const from = clip(x(second * 1000)) + 0.5, to = clip(x((second + 1) * 1000)) - 0.5;
    let below = 0;
    codes.forEach((n, i) => {
      if (n > 0 && to > from) paths[i] += `M${round(from)} ${round(y(below))}V${round(y(below + n))}H${round(to)}V${round(y(below))}Z`;
      below += n;
    });
  }
  bars.forEach((bar, i) => bar.setAttribute("d", paths[i]));

  drawGrid(width, most, y, right0);
  drawLanes(names, bands, pods, now, clip(x(run.began || now)), (ms) => clip(x(ms)));
  if (now - said > 2000 || now < said) {
    said = now;
    text(document.getElementById("chart-words"), summary(shown, bands, now));
  }
}

function drawGrid(width, most, y, right0) {
  const parts = [];
  for (const n of [0, most / 2, most]) {
    parts.push(make("line", { x1: left, x2: right0, y1: y(n), y2: y(n) }));
    parts.push(make("text", { x: left - 6, y: y(n) + 4, class: "end" }, String(n)));
  }
  for (const ago of width > 560 ? [90, 60, 30, 0] : [90, 45, 0]) {
    const at = right0 - ((right0 - left) * ago) / span;
    parts.push(make("text", { x: at, y: top + height + 16, class: ago === 0 ? "end" : ago === span ? "" : "middle" }, ago ? `${ago} s ago` : "now"));
  }
  grid.replaceChildren(...parts);
}

function drawLanes(names, bands, pods, now, began, x) {
  const end = x(now);
  const parts = [];
  names.forEach((name, i) => {
    const at = top + height + 30 + i * lane;
    const known = pods.some((pod) => pod.name === name);
    parts.push(make("text", { x: left, y: at + 10, class: "pod" }, known ? name : `${name} (removed)`));
    if (known) parts.push(make("rect", { x: began, y: at + 18, width: Math.max(end - began, 0), height: 8, rx: 2, class: "in" }));
    for (const band of bands.filter((b) => b.pod === name)) {
      const from = x(band.from), to = x(band.to || now);
      if (to - from < 0.5) continue;
      parts.push(make("rect", { x: from, y: at + 16, width: to - from, height: 12, rx: 2, class: "out" }));
    }
  });
  lanes.replaceChildren(...parts);
}

function summary(shown, bands, now) {
  const [good, gateway, other, none] = [1, 2, 3, 4].map((i) => shown.reduce((sum, second) => sum + second[i], 0));
  const all = good + gateway + other + none;
  const parts = [`${plural(good, "good one")}`, `${plural(gateway, "gateway error")}`];
  if (other) parts.push(plural(other, "other error"));
  if (none) parts.push(`${none} without answer`);
  const out = bands.filter((band) => !band.to || band.to > now - span * 1000);
  const outs = [...new Set(out.map((band) => band.pod))].map((pod) => {
    const times = out.filter((band) => band.pod === pod);
    const total = times.reduce((sum, band) => sum + ((band.to || now) - Math.max(band.from, now - span * 1000)), 0);
    return `${pod} was out ${times.length === 1 ? "once" : `${times.length} times`}, ${Math.round(total / 1000)} s`;
  });
  const answers = all ? `${plural(all, "answer")}: ${parts.join(", ")}.` : "no answers.";
  return `Last ${span} s: ${answers} ${outs.length ? outs.join("; ") + "." : "No pod was out."}`;
}

function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

function make(name, attributes, words) {
  const element = document.createElementNS(svg.namespaceURI, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, typeof value === "number" ? round(value) : value);
  if (words !== undefined) element.textContent = words;
  return element;
}

// niceAbove is a number for the end of an axis, with a whole number at its half.
function niceAbove(n) {
  const unit = 10 ** Math.floor(Math.log10(n));
  return [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10].map((m) => Math.round(m * unit)).find((m) => m >= n && m % 2 === 0);
}

function round(n) {
  return Math.round(n * 100) / 100;
}
