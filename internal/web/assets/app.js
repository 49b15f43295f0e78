// Ties the parts of the page to the stream of states. The server sends members
// of the state that changed; what is not in a message is as it was.
import { follow } from "./stream.js";
import { Clock } from "./clock.js";
import { showTiles, tickTiles } from "./tiles.js";
import { drawChart } from "./chart.js";
import { showLog } from "./log.js";
import { showProof } from "./proof.js";
import { controls } from "./controls.js";
import { showFigures, showHead, showLost, showSuccess } from "./figures.js";

const state = { run: {}, rule: {}, pods: [], totals: {}, counters: {}, events: [], seconds: [], bands: [], load: {}, lost: {},
  proof: { phases: [], verdict: "", sentence: "" } };
const clock = new Clock();
const load = controls("load");

const linkWords = {
  connecting: "connecting …",
  live: "live",
  lost: "lost the watch; reconnecting …",
  ended: "the watch has ended",
};

function link(now) {
  if (document.body.dataset.link !== now) {
    document.body.dataset.link = now;
    document.getElementById("link").textContent = linkWords[now];
  }
  if (now === "lost") clock.stop(); // times left would only be guesses
}

function receive(changes) {
  Object.assign(state, changes);
  clock.set(state.clock);
  showHead(state);
  showFigures(state);
  showLost(state);
  showTiles(state.pods, state.rule.threshold ?? 0, clock.now());
  showProof(state.proof);
  showLog(state.events, state.run.began);
  load.show(state.load, state.run.controls && !state.run.ended);
  tick();
  return state.run.ended;
}

// What depends on the time is drawn again also when nothing comes.
function tick() {
  tickTiles(clock.now());
  drawChart(state, clock.now());
  showSuccess(state.seconds, clock.now());
}

follow("events", receive, link);
setInterval(tick, 250);
new ResizeObserver(tick).observe(document.getElementById("chart"));
