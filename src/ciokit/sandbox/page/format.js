// Values as people read them.

const numbers = new Intl.NumberFormat("en-US");
const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

export const count = (value) => numbers.format(value);

/** A number for a place with little room: 12.4K. */
export const short = (value) => (value < 10_000 ? count(value) : compact.format(value));

/** `1 event`, `2 events`. */
export const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

const two = (value) => String(value).padStart(2, "0");

/** 2026-01-31T14:03:59.120Z for machines; null where no calendar reaches, as with nanoseconds sent as seconds. */
export function isoTime(seconds) {
  if (typeof seconds !== "number") return null; // digits beyond what JavaScript counts to
  const at = new Date(seconds * 1000);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

/** 14:03:59, in the reader's own time zone. */
export function clock(seconds) {
  const at = new Date(seconds * 1000);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** 2026-01-31 14:03:59.120, in the reader's own time zone; a number that no calendar reaches stays one. */
export function moment(seconds) {
  if (isoTime(seconds) === null) return String(seconds.rawJSON ?? seconds);
  const at = new Date(seconds * 1000);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const fraction = String(at.getMilliseconds()).padStart(3, "0");
  return fraction === "000" ? `${day} ${clock(seconds)}` : `${day} ${clock(seconds)}.${fraction}`;
}

export function bytes(size) {
  if (size < 1000) return `${size} B`;
  return size < 1_000_000 ? `${(size / 1000).toFixed(1)} kB` : `${(size / 1_000_000).toFixed(1)} MB`;
}

// Control characters but the line's end, and what has no width or turns the direction of writing.
const HIDDEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A text in which characters that cannot be seen are: they make two ids that look alike differ. */
export const visible = (text) =>
  text.replace(HIDDEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** The start of a value on one line, for a list. */
export function preview(value, most = 160) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** The name a person goes by: the most telling of their identifiers. */
export const personName = (person) => person.email ?? person.id ?? person.phone ?? `cio_${person.cio_id}`;

/** What a message was made from: the number, and the name where there is one. */
export const templateOf = ({ template, template_name: name }) =>
  name && name !== String(template) ? `${template} · ${name}` : String(template);

export const subjectOf = (message) =>
  text(message.content.subject) ??
  text(message.content.title) ??
  text(message.content.message) ??
  `Template ${message.template}`;

const text = (value) => (typeof value === "string" && value !== "" ? value : null);
