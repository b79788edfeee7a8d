// Formats numbers, times and texts. Equal quantities have equal widths, so that columns align.

const INTEGER = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
/** The longest text that a row or a heading shows. The panel of a span shows the whole. */
const LABEL_LIMIT = 200;

const UNITS = [
  [1, "ns"],
  [1e3, "µs"],
  [1e6, "ms"],
  [1e9, "s"],
];

/** Formats nanoseconds with three significant digits: `73.4 ms`. From a minute on: `2m 05s`. */
export function duration(ns) {
  if (!Number.isFinite(ns)) return "–";
  if (ns < 0) return `-${duration(-ns)}`;
  if (ns < 1000) return `${Math.round(ns)} ns`;
  if (ns >= 59.95e9) return long(Math.round(ns / 1e9));
  for (const [index, [size, unit]] of UNITS.entries()) {
    const text = three(ns / size);
    const last = index === UNITS.length - 1;
    if (last || (Number(text) < 1000 && ns / size < 1000)) return `${text} ${unit}`;
  }
  return "–";
}

function long(seconds) {
  const two = (value) => String(value).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${two(seconds % 60)}s`;
  return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
}

function three(value) {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/** Formats a count: `12,345`. */
export function count(value) {
  return value === undefined || value === null ? "–" : INTEGER.format(value);
}

/** Formats a count in few characters: `1.24M`. */
export function short(value) {
  if (value < 1e4) return INTEGER.format(value);
  for (const [size, unit] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (value >= size) return `${three(value / size)}${unit}`;
  }
  return INTEGER.format(value);
}

/** Formats a cost with four decimals, and more if these would be zero: `$0.0012`, `$0.000012`. */
export function cost(usd) {
  if (usd === undefined || usd === null) return "–";
  if (usd !== 0 && Math.abs(usd) < 0.0001) return `$${Number(usd.toPrecision(2)).toFixed(9).replace(/0+$/, "")}`;
  return `$${usd.toFixed(usd >= 100 ? 2 : 4)}`;
}

export function bytes(value) {
  for (const [size, unit] of [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"]]) {
    if (value >= size) return `${three(value / size)} ${unit}`;
  }
  return `${INTEGER.format(value)} B`;
}

export function percent(part, whole) {
  return whole > 0 ? `${((100 * part) / whole).toFixed(1)} %` : "–";
}

/** Returns milliseconds since the epoch of nanoseconds since the epoch as a string. */
export function millis(ns) {
  return Number(BigInt(ns) / 1000n) / 1000;
}

/** Formats a time of the day: `14:03:22.120`, with the date if it is not today. */
export function time(ns) {
  const date = new Date(millis(ns));
  if (Number.isNaN(date.getTime())) return "time out of range";
  const two = (value, width = 2) => String(value).padStart(width, "0");
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${two(date.getMilliseconds(), 3)}`;
  if (date.toDateString() === new Date().toDateString()) return clock;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock}`;
}

/** Formats a time exactly, in UTC, with nanoseconds. */
export function exactTime(ns) {
  const date = new Date(millis(ns));
  if (Number.isNaN(date.getTime())) return `${ns} ns since 1970`;
  const nanos = String(BigInt(ns) % 1000000000n).padStart(9, "0");
  return `${date.toISOString().slice(0, 19)}.${nanos}Z`;
}

/** Cuts a text that stands in a row or a heading. */
export function label(text, limit = LABEL_LIMIT) {
  const value = String(text ?? "");
  return value.length > limit ? `${value.slice(0, limit)}…` : value;
}

export function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** Formats token counts. An estimate starts with `~`; an unknown count is a dash. */
export function tokens(value, estimated) {
  if (value === undefined || value === null) return "–";
  return `${estimated ? "~" : ""}${count(value)}`;
}
