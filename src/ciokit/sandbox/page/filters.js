// The tools above the list: search, the filters that a view has, and those in force.

import { byId, h, icon } from "./dom.js";
import { go, here, link } from "./router.js";
import { KINDS } from "./kinds.js";

const PLACEHOLDERS = {
  live: "Search names, people, paths",
  events: "Search names, people, ids",
  people: "Search id, email, phone",
  messages: "Search subjects, receivers, ids",
  requests: "Search paths, status, method",
  warnings: "Search warnings",
};
const TYPING_PAUSE = 150;
const MOST_NAMES = 200;
const CHIPS = { person: "person", request: "request" };

let drawn = null; // the view whose tools are on the page

/**
 * Draw the tools of a place.
 * @param {{view: string, filters: Record<string, string>}} place
 * @param {{held: boolean, hold: () => void}} list
 */
export function drawTools({ view, filters }, list) {
  if (drawn !== view) {
    drawn = view;
    byId("filters").replaceChildren(...toolsOf(view, list));
  }
  const search = byId("search");
  if (document.activeElement !== search) search.value = filters.search ?? "";
  if (filters.name) offerNames([filters.name]);
  for (const select of byId("filters").querySelectorAll("select")) select.value = filters[select.name] ?? "";
  for (const button of byId("filters").querySelectorAll("[data-kind]"))
    button.setAttribute("aria-pressed", String(!hiddenIn(filters).includes(button.dataset.kind)));
  const failed = byId("filters").querySelector("[data-failed]");
  failed?.setAttribute("aria-pressed", String(Boolean(filters.failed)));
  drawHold(list);
  drawChips(filters);
}

/** Offer event names to filter by; those offered once stay, so that a filtered list does not narrow the choice. */
export function offerNames(names) {
  const select = byId("filters").querySelector("select[name=name]");
  if (!select || document.activeElement === select) return;
  const offered = new Set([...select.options].map((option) => option.value));
  const fresh = [...new Set(names)].filter((name) => !offered.has(name)).slice(0, MOST_NAMES - offered.size);
  select.append(...fresh.sort().map((name) => h("option", { value: name }, name)));
}

/** Offer the names of an account that was emptied no longer, but for the one in force. */
export function forgetNames() {
  for (const option of byId("filters").querySelectorAll("select[name=name] option"))
    if (option.value && !option.selected) option.remove();
}

/** Show whether the list is held. */
export function drawHold({ held }) {
  const button = byId("hold");
  if (!button || (button.firstChild && button.getAttribute("aria-pressed") === String(held))) return;
  button.setAttribute("aria-pressed", String(held));
  button.title = held ? "Let the list go on (.)" : "Hold the list (.)";
  button.replaceChildren(icon(held ? "play" : "pause"));
}

function toolsOf(view, { hold }) {
  const search = h("input", {
    id: "search",
    type: "search",
    placeholder: PLACEHOLDERS[view],
    "aria-label": PLACEHOLDERS[view],
    autocomplete: "off",
    spellcheck: "false",
    on: { input: typed },
  });
  const box = h("label", { class: "search" }, icon("search"), search, h("kbd", { "aria-hidden": "true" }, "/"));
  const button = h("button", {
    id: "hold",
    class: "icon-button",
    type: "button",
    "aria-label": "Hold the list",
    "aria-pressed": "false",
    on: { click: hold },
  });
  return [...own(view), box, button];
}

function own(view) {
  if (view === "live")
    return [h("div", { class: "toggles", role: "group", "aria-label": "Kinds" }, Object.keys(KINDS).map(kindToggle))];
  if (view === "events") return [choice("name", "Name", [])];
  if (view === "messages")
    return [choice("channel", "Channel", ["email", "push", "sms", "in_app", "inbox_message", "whatsapp"])];
  if (view === "requests")
    return [
      choice("api", "API", ["track", "app", "pipelines"]),
      h(
        "button",
        {
          class: "toggle",
          type: "button",
          "aria-pressed": "false",
          "data-failed": "",
          on: { click: () => set({ failed: here().filters.failed ? null : "true" }) },
        },
        "Went wrong",
      ),
    ];
  return [];
}

function kindToggle(kind) {
  return h(
    "button",
    {
      class: `toggle ${kind}`,
      type: "button",
      "aria-pressed": "true",
      "data-kind": kind,
      on: { click: () => toggle(kind) },
    },
    KINDS[kind].view,
  );
}

function toggle(kind) {
  const hidden = new Set(hiddenIn(here().filters));
  if (!hidden.delete(kind)) hidden.add(kind);
  set({ hide: [...hidden].join(",") || null });
}

const hiddenIn = (filters) => (filters.hide ?? "").split(",").filter(Boolean);

function choice(name, label, values) {
  const options = [
    h("option", { value: "" }, `Any ${label === "API" ? label : label.toLowerCase()}`),
    ...values.map((value) => h("option", { value }, value.replaceAll("_", " "))),
  ];
  return h(
    "select",
    { name, "aria-label": label, on: { change: (event) => set({ [name]: event.target.value || null }) } },
    options,
  );
}

let typing = null;

function typed(event) {
  clearTimeout(typing);
  const search = event.target;
  typing = setTimeout(() => set({ search: search.value.trim() || null }), TYPING_PAUSE);
}

function set(changed) {
  const { view, filters } = here();
  const wanted = Object.entries({ ...filters, ...changed }).filter(([, value]) => value);
  go(link(view, null, Object.fromEntries(wanted)), { replace: true });
}

function drawChips(filters) {
  const inForce = Object.keys(CHIPS).filter((name) => filters[name]);
  byId("chips").hidden = inForce.length === 0;
  byId("chips").replaceChildren(
    ...inForce.map((name) =>
      h(
        "button",
        {
          class: "chip",
          type: "button",
          "aria-label": `Remove the filter ${CHIPS[name]} ${filters[name]}`,
          on: { click: () => set({ [name]: null }) },
        },
        h("span", { class: "dim" }, CHIPS[name]),
        " ",
        filters[name],
        icon("close"),
      ),
    ),
  );
}
