// The head of the page, the figures and the counters.
import { count, percent, text } from "./words.js";

const by = (id) => document.getElementById(id);

export function showHead({ run, rule, pods }) {
  text(by("service"), run.service ?? "");
  text(by("context"), run.context ? `, cluster ${run.context}${run.controls ? "" : " (a recording)"}` : "");
  text(by("rule"), rule.words || "…");
  const out = pods.filter((pod) => pod.state === "ejected").length;
  const title = out ? `${out} of ${pods.length} out · Circuit breaker` : "Circuit breaker";
  if (document.title !== title) document.title = title;
  text(by("out-now"), pods.length ? `${out} of ${pods.length}` : "–");
  by("out-now").dataset.tone = out ? "bad" : "";
}

export function showFigures({ totals, counters }) {
  text(by("success-all"), percent(totals.ok ?? 0, totals.requests));
  text(by("requests"), count(totals.requests));
  text(by("ejections"), count(totals.ejections));
  text(by("no-pod"), count(totals.noPod));
  for (const name of ["ejectionsActive", "enforcedTotal", "enforcedGateway", "enforced5xx", "overflow"]) {
    text(by(`c-${name}`), count(counters[name]));
  }
  by("no-counters").hidden = counters.exported !== false;
}

// The last 10 s say what callers get now; the whole run is slow to follow.
export function showSuccess(seconds, now) {
  let good = 0, all = 0;
  for (const [second, ok, gateway, other, none] of seconds) {
    if (second * 1000 < now - 10000) continue;
    good += ok;
    all += ok + gateway + other + none;
  }
  const figure = by("success-now");
  text(figure, percent(good, all));
  figure.dataset.tone = !all ? "" : good === all ? "good" : "bad";
}

export function showLost({ lost, run }) {
  const sources = run.ended ? [] : Object.keys(lost).sort();
  const banner = by("banner");
  banner.hidden = sources.length === 0;
  text(banner, sources.length ? `Lost touch with: ${sources.join(", ")}. What is shown may be old; trying again.` : "");
}
