// What stands below a list, and in its place while it has no entries.

import { h } from "./dom.js";
import { count, plural } from "./format.js";

/**
 * Say why a list is empty, and how it would not be.
 * @param {string} view
 * @param {boolean} isFiltered
 * @param {number} arrived how many requests have come
 */
export function emptiness(view, isFiltered, arrived) {
  if (isFiltered)
    return said("Nothing fits", h("p", {}, "Nothing that the sandbox keeps has all of these filters."));
  if (arrived && view !== "live" && view !== "requests") return said(`No ${view} yet`, h("p", {}, whyNone(view, arrived)));
  return said(
    view === "live" ? "Nothing has arrived yet" : `No ${view} yet`,
    h("p", {}, "Start your program with the settings that the sandbox printed, and what it sends shows up as it arrives."),
    h("pre", { class: "hint", tabindex: "0" }, settings()),
    h("p", {}, "Any keys are taken; with --allow-remote its token is the key."),
  );
}

/** A program that is connected already needs no settings. */
function whyNone(view, arrived) {
  const requests = plural(arrived, "request");
  return view === "warnings"
    ? `Nothing in the ${requests} so far would be discarded or misread without a word.`
    : `None came of the ${requests} so far.`;
}

/** Without keys a program would not start, whatever its address is. */
function settings() {
  const variables = {
    CUSTOMERIO_SITE_ID: "sandbox-site",
    CUSTOMERIO_TRACK_API_KEY: "sandbox-key",
    CUSTOMERIO_APP_API_KEY: "sandbox-key",
    CUSTOMERIO_PIPELINES_API_KEY: "sandbox-key",
    CIOKIT_BASE_URL: location.origin,
  };
  return Object.entries(variables).map(([name, value]) => `export ${name}=${value}`).join("\n");
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
