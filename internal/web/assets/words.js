// Numbers and texts.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export function count(n) {
  return whole.format(n ?? 0);
}

export function percent(part, all) {
  if (!all) return "–";
  const share = (100 * part) / all;
  // 99.96 % must not look like all of them.
  return `${(part < all ? Math.min(share, 99.9) : share).toFixed(part === all ? 0 : 1)} %`;
}

export function plural(n, noun) {
  return `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
}

const order = new Intl.PluralRules("en", { type: "ordinal" });

export function ordinal(n) {
  return n + { one: "st", two: "nd", few: "rd", other: "th" }[order.select(n)];
}

// text changes an element only if it has to, so that nothing is announced or
// selected in vain.
export function text(element, words) {
  if (element.textContent !== words) element.textContent = words;
}
