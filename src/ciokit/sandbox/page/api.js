// The control API, as the page uses it.

import { parse } from "./json.js";

const ROOT = "/_sandbox";

/** The control API refuses, in its own words; status 0 means that it does not answer. */
export class RefusedError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** A path with its parameters encoded: path`/people/${id}`. */
export function path(texts, ...values) {
  return String.raw({ raw: texts }, ...values.map(encodeURIComponent));
}

/** Read. @param {object} [query] parameters; empty ones are left out */
export function get(where, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value != null && value !== "");
  const text = new URLSearchParams(given).toString();
  return call("GET", text ? `${where}?${text}` : where);
}

export const post = (where, body) => call("POST", where, body);
export const remove = (where) => call("DELETE", where);

/** The address of something that a frame shows. */
export const addressOf = (where) => ROOT + where;

async function call(method, where, body) {
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  const text = body === undefined ? undefined : JSON.stringify(body);
  const reply = await fetch(ROOT + where, { method, headers, body: text }).catch(() => {
    throw new RefusedError(0, "the sandbox cannot be reached");
  });
  const answer = parse(await reply.text());
  if (!reply.ok) throw new RefusedError(reply.status, answer.error ?? `status ${reply.status}`);
  return answer;
}
