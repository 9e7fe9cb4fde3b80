// JSON with colours, built of text nodes.

import { copyButton } from "./copy.js";
import { h } from "./dom.js";
import { count, visible } from "./format.js";

const MOST_CHARACTERS = 100_000;
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Read JSON; an integer beyond what JavaScript counts to keeps its digits, for showing. */
export const parse = (text) => JSON.parse(text, keepDigits);

/** A value, pretty. */
export const json = (value) => source(JSON.stringify(value, null, 2) ?? "null");

/** A text, pretty when it is JSON. */
export function jsonText(text) {
  try {
    return json(parse(text));
  } catch {
    return plain(text);
  }
}

/** A text as it is. */
export const plain = (text) => block(cut(text), text);

function keepDigits(_name, value, context) {
  const isLong = typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "");
  return isLong && JSON.rawJSON ? JSON.rawJSON(context.source) : value;
}

function source(text) {
  return block(coloured(visible(cut(text))), text);
}

const cut = (text) => text.slice(0, MOST_CHARACTERS);

function block(content, text) {
  const left = text.length - MOST_CHARACTERS;
  const told = `The first ${count(MOST_CHARACTERS)} characters; ${count(left)} more are not shown, but copied.`;
  const note = left > 0 ? h("p", { class: "note" }, told) : null;
  return h("div", { class: "code" }, h("pre", { tabindex: "0" }, content), copyButton(text, "Copy the text"), note);
}

function coloured(text) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(TOKEN)) {
    parts.push(text.slice(end, found.index));
    const [whole, quoted, colon] = found;
    parts.push(h("span", { class: kindOf(quoted, colon) }, quoted ?? whole), colon ?? "");
    end = found.index + whole.length;
  }
  return [...parts, text.slice(end)];
}

function kindOf(quoted, colon) {
  if (colon) return "j-name";
  return quoted ? "j-text" : "j-value";
}
