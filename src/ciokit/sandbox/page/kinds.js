// The kinds of entries: where each is read, what makes it one and the same, and how it looks in a list.

import { get, path } from "./api.js";
import { h, setText } from "./dom.js";
import { bytes, clock, count, isoTime, personName, preview, subjectOf, templateOf, visible } from "./format.js";
import { link } from "./router.js";

/**
 * @typedef {object} Kind
 * @property {string} view the view that lists it, which is also its collection in the control API
 * @property {(value: object) => string} id what tells it from others of its kind, in an address as well
 * @property {(id: string) => string} one where one of it is read
 * @property {(value: object) => number} at when it happened, Unix seconds
 * @property {(value: object) => Node[]} cells what a list shows of it
 */

/** @type {Record<string, Kind>} */
export const KINDS = {
  event: {
    view: "events",
    id: (event) => String(event.seq),
    one: (id) => path`/events/${id}`,
    at: (event) => event.received_at,
    cells: (event) => [
      cell("main", event.name),
      cell("who", event.person ?? (event.anonymous_id ? `anonymous ${event.anonymous_id}` : "nobody")),
      cell("what mono", preview(event.data)),
      badges(eventBadges(event)),
    ],
  },
  person: {
    view: "people",
    id: (person) => `cio_${person.cio_id}`,
    one: (id) => path`/people/${id}`,
    at: (person) => person.updated_at,
    cells: (person) => [
      cell("main", personName(person)),
      cell("who", person.id ?? "no id"),
      cell("what", person.events ? `${count(person.events)} ${person.events === 1 ? "event" : "events"}` : "no events"),
      badges([person.unsubscribed && ["unsubscribed", "warn"], person.suppressed && ["suppressed", "bad"]]),
    ],
  },
  message: {
    view: "messages",
    id: (message) => message.delivery_id,
    one: (id) => path`/messages/${id}`,
    at: (message) => message.queued_at,
    cells: (message) => [
      subjectCell(message),
      cell("who", message.recipient ?? `cio_${message.cio_id}`),
      cell("what", `${message.origin === "broadcast" ? "broadcast" : "template"} ${templateOf(message)}`),
      badges([
        [message.channel, "plain"],
        [message.state, stateTone(message.state)],
      ]),
    ],
  },
  request: {
    view: "requests",
    id: (request) => String(request.number),
    one: (id) => path`/requests/${id}`,
    at: (request) => request.at,
    cells: (request) => [
      h("span", { class: "main mono" }, h("b", {}, request.method), " ", request.path),
      cell("who", request.api || "unknown"),
      cell("what", request.size ? bytes(request.size) : "no body"),
      badges(requestBadges(request)),
    ],
  },
  warning: {
    view: "warnings",
    id: (warning) => String(warning.seq),
    one: (id) => `/warnings?after=${Number(id) - 1}&limit=1`,
    at: (warning) => warning.at,
    cells: (warning) => [
      cell("main", warning.kind.replaceAll("_", " ")),
      cell("who", warning.person ?? "—"),
      cell("what", warning.message),
      badges([[`request ${warning.request}`, "plain"]]),
    ],
  },
};

export const KIND_OF_VIEW = Object.fromEntries(Object.entries(KINDS).map(([kind, { view }]) => [view, kind]));

/** A line of a list: a link to the whole entry. */
export function row(kind, value, { view, filters, labelled }) {
  const { id, at, cells } = KINDS[kind];
  const target = link(KINDS[kind].view, id(value), view === KINDS[kind].view ? filters : {});
  const label = labelled ? h("span", { class: `kind ${kind}` }, kind) : null;
  const time = h("time", { datetime: isoTime(at(value)) }, clock(at(value)));
  return h(
    "a",
    { class: `row ${kind}${labelled ? " labelled" : ""}`, href: target, tabindex: "-1" },
    time,
    label,
    cells(value),
  );
}

/** A status as a badge: its colour says at a glance how it went. */
export const statusBadge = (request) =>
  request.dropped ? badge("dropped", "bad") : badge(String(request.status), statusTone(request.status));

export const badge = (text, tone) => h("span", { class: `badge ${tone}` }, text);

/** What is to be known of an event's deliveries. */
export function eventBadges(event) {
  const attempt = event.attempts[0] ?? 0;
  return [
    event.type !== "event" && [event.type, "plain"],
    attempt > 0 && [`attempt ${attempt + 1}`, "warn"],
    event.duplicates > 0 && [`${event.duplicates + 1} deliveries`, "warn"],
  ];
}

export const stateTone = (state) =>
  ({ sent: "good", scheduled: "plain", drafted: "plain", undeliverable: "bad" })[state] ?? "plain";

function requestBadges(request) {
  return [
    request.fault !== null && [`fault ${request.fault}`, "fault"],
    request.attempt > 0 && [`attempt ${request.attempt + 1}`, "warn"],
    request.rejected > 0 && [`${request.rejected} refused`, "warn"],
    request.dropped ? ["dropped", "bad"] : [String(request.status), statusTone(request.status)],
  ];
}

function statusTone(status) {
  if (status === 207) return "warn";
  if (status >= 200 && status < 300) return "good";
  return status >= 400 && status < 500 && status !== 429 ? "warn" : "bad";
}

const subjects = new Map(); // rendered subjects by delivery id, as promises

/** A message's subject; one with Liquid in it is asked for and put in place when it is there. */
function subjectCell(message) {
  const shown = cell("main", subjectOf(message));
  if (!/{[{%]/.test(shown.textContent)) return shown;
  const id = message.delivery_id;
  if (!subjects.has(id))
    subjects.set(
      id,
      get(path`/messages/${id}/rendered`).then(({ texts }) => subjectOf({ ...message, content: texts })),
    );
  subjects
    .get(id)
    .then((subject) => setText(shown, visible(subject)))
    .catch(() => subjects.delete(id)); // it stays as it was sent
  return shown;
}

/** Let the rendered subjects go: after a reset other messages have the same delivery ids. */
export const forgetSubjects = () => subjects.clear();

const cell = (name, text) => h("span", { class: name }, visible(text));

const badges = (list) =>
  h(
    "span",
    { class: "badges" },
    list.filter(Boolean).map(([text, tone]) => badge(text, tone)),
  );
