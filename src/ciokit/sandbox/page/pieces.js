// What the pages of single entries are put together from.

import { copyButton } from "./copy.js";
import { h } from "./dom.js";
import { isoTime, moment, visible } from "./format.js";
import { link } from "./router.js";

/** A part of a page with a heading; nothing at all when it has no content. */
export function part(title, content, { count } = {}) {
  const filled = [content].flat().filter(Boolean);
  if (!filled.length) return null;
  const number = count === undefined ? null : h("span", { class: "count" }, String(count));
  return h("section", { class: "part" }, h("h3", {}, title, number), filled);
}

/** Names and values; those without a value are left out. */
export function facts(pairs) {
  const given = pairs.filter(([, value]) => value != null && value !== "" && value !== false);
  return h(
    "dl",
    { class: "facts" },
    given.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );
}

/** An identifier with a button that copies it. */
export const identifier = (text) =>
  h("span", { class: "identifier" }, h("code", {}, visible(text)), copyButton(text, `Copy ${text}`));

/** A time with its place on the calendar. */
export const time = (seconds) =>
  seconds == null ? null : h("time", { datetime: isoTime(seconds) }, moment(seconds));

export const requestLink = (number) => h("a", { href: link("requests", number) }, `request ${number}`);

export const personLink = (cioId, text) => h("a", { href: link("people", `cio_${cioId}`) }, text);

export const filterLink = (view, filters, text) =>
  h("a", { class: "filter-link", href: link(view, null, filters) }, text);

/** HTTP headers, or any names and values that are shown as they came. */
export function headers(pairs) {
  const rows = pairs.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value)));
  return h("div", { class: "table", tabindex: "0" }, h("table", {}, h("tbody", {}, rows)));
}

/** Tabs; each panel is made when it is first looked at. @param {[string, () => Node][]} panels */
export function tabs(label, panels) {
  const panel = h("div", { class: "panel", role: "tabpanel", tabindex: "0" });
  const buttons = panels.map(([name], index) =>
    h(
      "button",
      {
        type: "button",
        role: "tab",
        "aria-selected": "false",
        tabindex: "-1",
        on: { click: () => choose(index), keydown: (event) => step(event, index) },
      },
      name,
    ),
  );
  const made = new Map();

  function choose(index) {
    buttons.forEach((button, position) => {
      button.setAttribute("aria-selected", String(position === index));
      button.tabIndex = position === index ? 0 : -1;
    });
    if (!made.has(index)) made.set(index, panels[index][1]());
    panel.setAttribute("aria-label", panels[index][0]);
    panel.replaceChildren(made.get(index));
  }

  function step(event, index) {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!move) return;
    const next = (index + move + buttons.length) % buttons.length;
    choose(next);
    buttons[next].focus();
    event.preventDefault();
  }

  choose(0);
  return h("div", { class: "tabs" }, h("div", { role: "tablist", "aria-label": label }, buttons), panel);
}
