// The entries that a list holds: each with its kind, its time and what makes it one and the same.

import { KINDS } from "./kinds.js";

/** How many a list holds at most. */
export const MOST_KEPT = 1000;

/** Make an entry of what the control API or the stream tells. */
export function entry(kind, value) {
  return { kind, value, at: KINDS[kind].at(value), key: `${kind}/${KINDS[kind].id(value)}` };
}

/** The newest first, each entry once, in bounds. */
export function merged(entries) {
  const byKey = new Map();
  for (const one of entries) if (!byKey.has(one.key)) byKey.set(one.key, one);
  const order = (one) => one.value.seq ?? 0;
  return [...byKey.values()].sort((a, b) => b.at - a.at || order(b) - order(a)).slice(0, MOST_KEPT);
}
