// The page of one event, request or warning. People and messages have modules of their own.

import { get } from "./api.js";
import { h } from "./dom.js";
import { bytes } from "./format.js";
import { badge, eventBadges, row, statusBadge } from "./kinds.js";
import { json, jsonText } from "./json.js";
import { facts, filterLink, headers, identifier, part, personLink, requestLink, time } from "./pieces.js";

export function showEvent(event) {
  const who = event.person ?? (event.cio_id ? `cio_${event.cio_id}` : null);
  return {
    title: event.name,
    badges: eventBadges(event)
      .filter(Boolean)
      .map(([text, tone]) => badge(text, tone)),
    body: [
      facts([
        ["Person", event.cio_id ? personLink(event.cio_id, who) : who],
        ["Anonymous id", event.anonymous_id && identifier(event.anonymous_id)],
        ["Happened", time(event.timestamp)],
        ["Arrived", h("span", {}, time(event.received_at), " in ", requestLink(event.request))],
        ["Event id", event.id ? identifier(event.id) : "none: a repeated delivery would be counted twice"],
        ["Message id", event.message_id && identifier(event.message_id)],
        ["Deliveries", deliveries(event)],
        ["Workspace", event.workspace],
      ]),
      part("Data", json(event.data)),
      h(
        "p",
        { class: "more" },
        filterLink("events", { name: event.name }, "All events of this name"),
        who && filterLink("events", { person: who }, "All events of this person"),
      ),
    ],
  };
}

/** Which attempts of a client brought an event: the first is counted, the others are collapsed into it. */
function deliveries(event) {
  const attempts = event.attempts.map((attempt) => `attempt ${attempt + 1}`);
  if (!event.duplicates) return attempts[0] ?? "attempt 1";
  return `${event.duplicates + 1}, stored once: ${attempts.slice(0, 12).join(", ")}${event.duplicates >= 12 ? ", …" : ""}`;
}

export async function showRequest({ request, headers: sent, body, rejected, processed, answer, answer_headers }) {
  const came = await whatCameOf(request.number);
  return {
    title: `${request.method} ${request.path}`,
    mono: true,
    badges: [
      statusBadge(request),
      request.attempt > 0 && badge(`attempt ${request.attempt + 1}`, "warn"),
      request.fault !== null && badge(`fault ${request.fault}`, "fault"),
    ].filter(Boolean),
    body: [
      facts([
        ["API", request.api || "none has this path"],
        ["Query", request.query && h("code", {}, request.query)],
        ["Arrived", time(request.at)],
        [
          "Attempt",
          request.attempt
            ? `${request.attempt + 1}: the client had tried ${request.attempt === 1 ? "once" : `${request.attempt} times`} before`
            : "1, the first",
        ],
        ["Verdict", verdict(request, processed)],
        ["Fault", request.fault !== null && h("a", { href: "#/faults" }, `fault ${request.fault} changed the answer`)],
        ["Workspace", request.workspace || (request.fault === null && "none: its path or its key was refused")],
      ]),
      part("Refused", rejected.length ? rejections(rejected) : null, { count: rejected.length }),
      part("Body", bodyOf(body, request.size)),
      part(request.dropped ? "Answer, which was never sent" : "Answer", [
        answerOf(answer),
        headers(Object.entries(answer_headers)),
      ]),
      part("What came of it", came.length ? h("ol", { class: "rows short", role: "list" }, came) : null),
      part("Headers", [headers(Object.entries(sent)), h("p", { class: "note" }, "Keys and cookies are never kept.")]),
    ],
  };
}

function verdict(request, processed) {
  const done = processed ? "done" : "not done";
  if (request.dropped) return `${done}; the connection was dropped`;
  const how = request.rejected ? `, ${request.rejected} refused` : "";
  return `${request.status}, ${done}${how}`;
}

function bodyOf(body, size) {
  if (body === null) return h("p", { class: "note" }, `Its ${bytes(size)} were let go to bound memory.`);
  return body === "" ? h("p", { class: "note" }, "None.") : jsonText(body);
}

function answerOf(answer) {
  if (answer === null) return h("p", { class: "note" }, "Let go to bound memory.");
  return answer === "" ? h("p", { class: "note" }, "No body.") : jsonText(answer);
}

function rejections(rejected) {
  const line = (entry) =>
    h(
      "tr",
      {},
      h("td", {}, entry.index === null ? "" : `item ${entry.index}`),
      h("th", { scope: "row" }, entry.field || "—"),
      h("td", {}, entry.message),
      h("td", { class: "dim" }, entry.reason),
    );
  return h("div", { class: "table refusals", tabindex: "0" }, h("table", {}, h("tbody", {}, rejected.map(line))));
}

async function whatCameOf(number) {
  const query = { request: number, limit: 20 };
  const [events, messages, warnings] = await Promise.all([
    get("/events", query),
    get("/messages", query),
    get("/warnings", query),
  ]);
  const lines = [
    ...warnings.warnings.map((warning) => row("warning", warning, { labelled: true })),
    ...messages.messages.map((message) => row("message", message, { labelled: true })),
    ...events.events.map((event) => row("event", event, { labelled: true })),
  ];
  for (const line of lines) line.tabIndex = 0;
  return lines.map((line) => h("li", {}, line));
}

export function showWarning(warning) {
  return {
    title: warning.kind.replaceAll("_", " "),
    badges: [],
    body: [
      h("p", { class: "lead" }, warning.message),
      facts([
        ["Person", warning.person && filterLink("events", { person: warning.person }, warning.person)],
        ["Happened", time(warning.at)],
        ["Brought by", warning.request ? requestLink(warning.request) : "no request"],
        ["Workspace", warning.workspace],
      ]),
      h("p", { class: "note" }, "Customer.io would have said nothing about this."),
    ],
  };
}
