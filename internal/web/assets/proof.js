// A proof's statements so far, and its verdict. What is not proven never looks
// as if it were: it has a sign, a word and a colour of its own.
import { plural, text } from "./words.js";

const card = document.getElementById("proof"), list = document.getElementById("claims"), verdict = document.getElementById("proof-verdict");
const signs = { proven: "\u2713", refuted: "\u2717", "not proven": "?" };
let shown = "";

export function showProof({ phases, verdict: word, sentence }) {
  card.hidden = phases.length === 0 && !word;
  verdict.hidden = !word;
  verdict.dataset.statement = word;
  text(verdict, sentence);
  const now = JSON.stringify(phases);
  if (now === shown) return;
  shown = now;
  list.replaceChildren(...phases.map(claim));
}

function claim(phase) {
  const item = document.createElement("li");
  item.dataset.statement = phase.statement;
  item.append(part("stated", `${signs[phase.statement]} ${phase.statement}`), " ", part("claim", phase.pod ? `${phase.name} ${phase.pod}` : phase.name), " ",
    part("measured", phase.statement === "proven" ? phase.measured : `${phase.measured}, expected ${phase.expected}`));
  const notes = phase.statement === "proven" ? [] : [
    phase.answers < phase.least ? `It rests on ${plural(phase.answers, "answer")} and needs ${phase.least}.` : "",
    phase.missing ? `Missing: ${phase.missing}` : "", phase.diagnosis ? `Cause: ${phase.diagnosis}` : ""];
  for (const note of notes) if (note) item.append(part("note", note));
  return item;
}

function part(name, words) {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = words;
  return element;
}
