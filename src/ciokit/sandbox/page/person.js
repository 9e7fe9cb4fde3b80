// The page of a person: who they are, how they came to be so, and what they did and received.

import { get } from "./api.js";
import { h } from "./dom.js";
import { count, moment, personName, visible } from "./format.js";
import { badge, row } from "./kinds.js";
import { json } from "./json.js";
import { facts, filterLink, identifier, part, requestLink, time } from "./pieces.js";

const LISTED = 50;

export async function showPerson({ person, attributes, history, devices, segments, relationships }) {
  const key = `cio_${person.cio_id}`;
  const ofThem = { person: key, limit: LISTED };
  const [{ events }, { messages }, { warnings }] = await Promise.all([
    get("/events", ofThem),
    get("/messages", ofThem),
    get("/warnings", ofThem),
  ]);
  const eventsTitle = person.events > LISTED ? `Events, the newest ${LISTED}` : "Events";
  return {
    title: personName(person),
    badges: [
      person.unsubscribed && badge("unsubscribed", "warn"),
      person.suppressed && badge("suppressed", "bad"),
    ].filter(Boolean),
    body: [
      facts([
        ["Id", person.id && identifier(person.id)],
        ["Email", person.email && identifier(person.email)],
        ["Phone", person.phone && identifier(person.phone)],
        ["cio_id", identifier(person.cio_id)],
        ["First seen", time(person.created_at)],
        ["Last changed", time(person.updated_at)],
        ["Workspace", person.workspace],
      ]),
      part("Attributes", attributeTable(attributes, history), { count: Object.keys(attributes).length }),
      part(eventsTitle, lines("event", events), { count: count(person.events) }),
      person.events > LISTED &&
        h("p", { class: "more" }, filterLink("events", { person: key }, "All events of this person")),
      part("Messages", lines("message", messages), { count: messages.length }),
      part("Warnings", lines("warning", warnings), { count: warnings.length }),
      part("Devices", devices.length ? devices.map(device) : null, { count: devices.length }),
      part(
        "Segments",
        segments.length
          ? h(
              "ul",
              { class: "tags", role: "list" },
              segments.map((segment) => h("li", {}, segment.name, h("span", { class: "dim" }, ` ${segment.id}`))),
            )
          : null,
        { count: segments.length },
      ),
      part("Relationships", relationships.length ? relationships.map(relationship) : null, {
        count: relationships.length,
      }),
    ],
  };
}

function lines(kind, values) {
  if (!values.length) return null;
  const list = values.toReversed().map((value) => {
    const line = row(kind, value, {});
    line.tabIndex = 0;
    return h("li", {}, line);
  });
  return h("ol", { class: "rows short", role: "list" }, list);
}

/** Every attribute with the changes that led to its value; those that were removed come last. */
function attributeTable(attributes, history) {
  const removed = Object.keys(history).filter((name) => !Object.hasOwn(attributes, name));
  const names = [...Object.keys(attributes), ...removed];
  if (!names.length) return h("p", { class: "note" }, "None yet.");
  return h(
    "dl",
    { class: "attributes" },
    names.map((name) => attribute(name, attributes[name], history[name] ?? [])),
  );
}

function attribute(name, value, changes) {
  const gone = value === undefined;
  const shown = h(
    "dd",
    { class: gone ? "gone" : "" },
    gone ? "removed" : valueOf(value),
    dateOf(name, value),
    changes.length > 1 ? pastOf(changes) : null,
  );
  return h("div", {}, h("dt", {}, visible(name)), shown);
}

function valueOf(value) {
  if (typeof value === "string") return h("span", { class: "j-text" }, visible(value));
  return typeof value === "object" && !JSON.isRawJSON?.(value)
    ? json(value)
    : h("span", { class: "j-value" }, JSON.stringify(value));
}

/** What a number of seconds means, where the name says that it is a time. */
function dateOf(name, value) {
  const isTime = /(_at|timestamp)$/.test(name) && Number.isInteger(value) && value > 1e8 && value < 1e11;
  return isTime ? h("span", { class: "dim meaning" }, moment(value)) : null;
}

function pastOf(changes) {
  const line = (change) =>
    h(
      "li",
      {},
      h("span", { class: "when" }, moment(change.at)),
      change.value === null ? h("em", {}, "removed") : h("code", {}, JSON.stringify(change.value)),
      requestLink(change.request),
    );
  return h(
    "details",
    { class: "past" },
    h("summary", {}, `${changes.length} changes`),
    h("ol", { role: "list" }, changes.toReversed().map(line)),
  );
}

function device({ token, platform, last_used, attributes }) {
  const more = Object.keys(attributes).length ? json(attributes) : null;
  return h(
    "div",
    { class: "block" },
    facts([
      ["Platform", platform],
      ["Token", identifier(token)],
      ["Last used", time(last_used)],
    ]),
    more,
  );
}

function relationship({ object_type_id, object_id, attributes }) {
  const more = Object.keys(attributes).length ? json(attributes) : null;
  return h(
    "div",
    { class: "block" },
    facts([
      ["Object", identifier(object_id)],
      ["Type", object_type_id],
    ]),
    more,
  );
}
