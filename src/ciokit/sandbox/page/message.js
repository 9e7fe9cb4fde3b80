// The page of a message: as its receiver would see it, as text, as source, and with what it was made from.
//
// The preview is a document of its own, in a frame that is sandboxed twice: by the attribute here and by the policy
// that it is served with. No script in a message ever runs, and nothing in it is loaded from anywhere.

import { addressOf, get, path } from "./api.js";
import { h } from "./dom.js";
import { subjectOf, templateOf } from "./format.js";
import { badge, stateTone } from "./kinds.js";
import { json, plain } from "./json.js";
import { facts, headers, identifier, part, personLink, requestLink, tabs, time } from "./pieces.js";

export async function showMessage(message) {
  const { texts, problems } = await get(path`/messages/${message.delivery_id}/rendered`);
  return {
    title: texts.subject || texts.title || subjectOf(message),
    badges: [badge(message.channel, "plain"), badge(message.state, stateTone(message.state))],
    body: [
      problems.length
        ? h(
            "ul",
            { class: "problems", role: "list" },
            problems.map((problem) => h("li", {}, problem)),
          )
        : null,
      tabs("Ways to look at the message", [
        ["Preview", () => preview(message, texts)],
        ["Text", () => textOf(texts)],
        ["Source", () => sourceOf(message)],
        ["Headers", () => headers(headersOf(message, texts))],
        ["Data", () => json(message.data)],
      ]),
      part(
        "Delivery",
        facts([
          ["To", message.recipient],
          ["Person", personLink(message.cio_id, `cio_${message.cio_id}`)],
          ["Made from", `${message.origin} ${templateOf(message)}`],
          ["Trigger", message.trigger_id],
          ["Accepted", h("span", {}, time(message.queued_at), " in ", requestLink(message.request))],
          ["To be sent", time(message.send_at)],
          ["Metrics", Object.keys(message.metrics).join(", ")],
          ["Delivery id", identifier(message.delivery_id)],
          ["Workspace", message.workspace],
        ]),
      ),
    ],
  };
}

function preview(message, texts) {
  if (message.channel !== "email") return card(message, texts);
  const head = h(
    "dl",
    { class: "letterhead" },
    [
      ["From", texts.from],
      ["To", message.recipient],
      ["Subject", texts.subject],
    ]
      .filter(([, value]) => value)
      .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );
  return h("div", { class: "letter" }, head, texts.body || texts.body_plain ? frame(message, "The email, rendered") : unknown(message));
}

/** An empty sheet would look like a fault of the page. */
function unknown({ origin, template }) {
  const advice = origin === "transactional" ? ` PUT /_sandbox/templates/${template} gives the sandbox one.` : "";
  return h("p", { class: "note unknown" }, `Its text is in Customer.io.${advice}`);
}

function frame(message, title) {
  const element = h("iframe", { title, sandbox: "", referrerpolicy: "no-referrer", loading: "eager" });
  element.src = addressOf(path`/messages/${message.delivery_id}/html`);
  return element;
}

/** What appears on a phone. */
function card(message, texts) {
  const body = texts.message ?? texts.body_plain ?? texts.body ?? "";
  return h(
    "div",
    { class: "phone" },
    h(
      "div",
      { class: "bubble" },
      texts.title ? h("b", {}, texts.title) : null,
      h("p", {}, body || "This message has no text of its own."),
      texts.link ? h("p", { class: "dim" }, texts.link) : null,
    ),
  );
}

function textOf(texts) {
  const text = texts.body_plain ?? texts.message;
  if (text) return plain(text);
  return h(
    "p",
    { class: "note" },
    texts.body ? "It has no text of its own; Customer.io makes one from the HTML." : "It has no text.",
  );
}

function sourceOf(message) {
  const given = Object.entries(message.content).filter(([, value]) => typeof value === "string");
  if (!given.length)
    return h("p", { class: "note" }, "Nothing was given to render: the template in Customer.io has it.");
  return h(
    "div",
    {},
    given.map(([name, value]) => part(name, plain(value))),
  );
}

function headersOf(message, texts) {
  const named = [
    ["From", texts.from],
    ["Reply-To", texts.reply_to],
    ["To", message.recipient],
    ["Cc", message.content.cc],
    ["Bcc", message.content.bcc],
    ["Subject", texts.subject],
    ["Preheader", texts.preheader],
  ];
  return [...named, ...ownHeaders(message.content.headers)].filter(
    ([, value]) => typeof value === "string" && value !== "",
  );
}

/** A sender's own headers: an object, or the JSON of a list of names and values. */
function ownHeaders(given) {
  if (typeof given !== "string") return Object.entries(given ?? {});
  try {
    return JSON.parse(given).map(({ name, value }) => [name, String(value)]);
  } catch {
    return [["headers", given]];
  }
}
