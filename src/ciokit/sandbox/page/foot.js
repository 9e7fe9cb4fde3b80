// What stands below a list, and in its place while it has no entries.

import { h } from "./dom.js";
import { count } from "./format.js";

/**
 * Say why a list is empty, and how it would not be.
 * @param {string} view
 * @param {boolean} isFiltered
 */
export function emptiness(view, isFiltered) {
  if (isFiltered)
    return said("Nothing fits", h("p", {}, "Nothing that the sandbox keeps has all of these filters."));
  return said(
    view === "live" ? "Nothing has arrived yet" : `No ${view} yet`,
    h("p", {}, "Start your program with the settings that the sandbox printed, and what it sends shows up as it arrives."),
    h("pre", { class: "hint", tabindex: "0" }, `export CIOKIT_BASE_URL=${location.origin}`),
  );
}

/** Say how much of the whole a list shows. */
export function ending({ view, drawn, total, isFiltered }) {
  if (isFiltered) return `The newest ${count(drawn)} that fit.`;
  if (view === "live") return `The newest ${count(drawn)}.`;
  return `The newest ${count(drawn)} of ${count(Math.max(total ?? 0, drawn))}.`;
}

function said(title, ...rest) {
  return h("div", { class: "empty" }, h("h3", {}, title), ...rest);
}
