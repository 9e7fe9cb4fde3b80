// Values as people read them.

const numbers = new Intl.NumberFormat("en-US");
const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

export const count = (value) => numbers.format(value);

/** A number for a place with little room: 12.4K. */
export const short = (value) => (value < 10_000 ? count(value) : compact.format(value));

/** `1 event`, `2 events`. */
export const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

const two = (value) => String(value).padStart(2, "0");

/** 14:03:59, in the reader's own time zone. */
export function clock(seconds) {
  const at = new Date(seconds * 1000);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** 2026-01-31 14:03:59.120, in the reader's own time zone. */
export function moment(seconds) {
  const at = new Date(seconds * 1000);
  if (Number.isNaN(at.getTime())) return String(seconds);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const fraction = String(Math.floor((seconds % 1) * 1000)).padStart(3, "0");
  return fraction === "000" ? `${day} ${clock(seconds)}` : `${day} ${clock(seconds)}.${fraction}`;
}

export function bytes(size) {
  if (size < 1000) return `${size} B`;
  return size < 1_000_000 ? `${(size / 1000).toFixed(1)} kB` : `${(size / 1_000_000).toFixed(1)} MB`;
}

/** The start of a value on one line, for a list. */
export function preview(value, most = 160) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** The name a person goes by: the most telling of their identifiers. */
export const personName = (person) => person.email ?? person.id ?? person.phone ?? `cio_${person.cio_id}`;

export const subjectOf = (message) =>
  text(message.content.subject) ??
  text(message.content.title) ??
  text(message.content.message) ??
  `Template ${message.template}`;

const text = (value) => (typeof value === "string" && value !== "" ? value : null);
