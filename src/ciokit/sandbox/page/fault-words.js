// A fault rule in words.

import { plural } from "./format.js";

/** What a rule does, in words. */
export function effectOf({ effect, script }) {
  if (!effect) return `In turn: ${script.map((one) => (one ? wordsOf(one) : "works")).join(", ")}`;
  return wordsOf(effect);
}

function wordsOf(effect) {
  const words = [];
  if (effect.drop) words.push("Connection dropped");
  if (effect.garbage) words.push("Garbage");
  if (effect.redirect) words.push(`Redirect to ${effect.redirect}`);
  if (effect.status != null) words.push(`Status ${effect.status}`);
  if (effect.retry_after != null) words.push(`Retry-After ${effect.retry_after}`);
  if (effect.partial != null) words.push(`${percent(effect.partial)} of a batch refused as ${effect.partial_status}`);
  if (effect.delay)
    words.push(
      `${effect.delay_distribution === "fixed" ? "" : `${effect.delay_distribution}, about `}${effect.delay} s late`,
    );
  if (effect.drip) words.push(`dripping for ${effect.drip} s`);
  if (effect.after_processing) words.push("after processing");
  return words.join(", ") || "Nothing goes wrong";
}

export function scopeOf(rule) {
  const which = [rule.api && `${rule.api} API`, rule.method, rule.path !== "*" && rule.path].filter(Boolean);
  const words = [
    which.length ? which.join(" · ") : "all requests",
    rule.probability < 1 && percent(rule.probability),
    rule.times && `ends after ${plural(rule.times, "hit")}`,
    rule.seconds && `ends after ${rule.seconds} s`,
  ];
  return words.filter(Boolean).join(" · ");
}

const percent = (share) => `${Number((share * 100).toFixed(2))} %`;
