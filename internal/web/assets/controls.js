// The switches of the load. What holds is what the server says, so that all
// pages agree; a field that somebody is changing is left alone until it is applied.
import { count, plural, text } from "./words.js";

export function controls(url) {
  const by = (id) => document.getElementById(id);
  const form = by("load-form"), button = by("load-switch"), problems = by("load-problems");
  const fields = [by("rate"), by("concurrency")];
  const changed = new Set();
  let load = {};

  for (const field of fields) field.addEventListener("input", () => changed.add(field));
  button.addEventListener("click", () => send(!load.on));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(load.on);
  });

  async function send(on) {
    const wrong = fields.filter((field) => !Number.isFinite(field.valueAsNumber));
    if (wrong.length) return refuse(wrong.map((field) => `${field.name}: must be a number`));
    const [rate, concurrency] = fields.map((field) => field.valueAsNumber);
    try {
      const answer = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ on, rate, concurrency }),
      });
      const { problems: refused } = await answer.json();
      refuse(refused);
      if (answer.ok) changed.clear();
    } catch {
      refuse(["The watch does not answer."]);
    }
  }

  function refuse(reasons) {
    problems.replaceChildren(...reasons.map((reason) => {
      const item = document.createElement("li");
      item.textContent = reason;
      return item;
    }));
    for (const field of fields) {
      field.setAttribute("aria-invalid", String(reasons.some((reason) => reason.startsWith(field.name))));
    }
  }

  function show(now, offered) {
    load = now;
    by("load").hidden = !offered;
    by("load").dataset.on = now.on;
    const speed = now.rate === 0 ? "as fast as answers come" : `${plural(now.rate, "request")} a second`;
    text(by("load-words"), now.on ? `On: ${speed}, ${count(now.concurrency)} at once` : "Off: nothing is sent");
    text(button, now.on ? "Switch load off" : "Switch load on");
    for (const field of fields) {
      const value = String(now[field.name] ?? "");
      if (!changed.has(field) && field.value !== value) field.value = value;
    }
  }

  return { show };
}
