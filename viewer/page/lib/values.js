// Values of attributes, with their types.

import { apiUrl, pathPart } from "./api.js";
import { button, copyButton, h, replace } from "./dom.js";
import * as format from "./format.js";

/** Longer texts are cut, with a button that shows the rest. Long texts make pages slow, also if hidden. */
const SHOWN_CHARACTERS = 2000;
/** Lists with more attributes have a field to filter them. */
const FILTER_FROM = 6;

/** The text of a value, for copying. */
export function text(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

/** Shows a text, cut if it is long. `build` makes the element of the shown part. */
export function longText(value, build = (shown) => h("span", { class: "text" }, shown)) {
  if (value.length <= SHOWN_CHARACTERS) return build(value);
  const box = h("div", { class: "long" });
  const cut = () =>
    replace(box, build(`${value.slice(0, SHOWN_CHARACTERS)}…`), button(`Show all ${format.count(value.length)} characters`, { class: "more", on: { click: () => replace(box, build(value), button("Show less", { class: "more", on: { click: cut } })) } }));
  cut();
  return box;
}

/** Parses a text that holds a JSON object or array. Returns `undefined` if it does not. */
export function parsed(value) {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return undefined;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

/** Shows JSON in lines, or a text as it is. */
export function block(value) {
  const json = typeof value === "string" ? parsed(value) : value;
  const shown = json === undefined ? String(value) : JSON.stringify(json, null, 2);
  return longText(shown, (part) => h("pre", { class: "block" }, part));
}

function valueElement({ type, value }) {
  if (type === "array" || type === "map" || (value !== null && typeof value === "object")) {
    const line = JSON.stringify(value);
    return line.length <= 60 ? h("span", { class: "text" }, line) : block(value);
  }
  if (typeof value === "string") {
    if (parsed(value) !== undefined && value.length > 60) return block(value);
    if (value.includes("\n")) return longText(value, (part) => h("pre", { class: "block" }, part));
    return value === "" ? h("span", { class: "muted" }, "(empty)") : longText(value);
  }
  return h("span", { class: "text" }, String(value));
}

/**
 * Shows attributes as a list. `name` says whose they are. With `source`, a cut value links to the whole: `{
 * trace, span }`.
 */
export function attributeList(attributes, { name, source }) {
  const list = h("dl", { class: "attributes" });
  const sorted = [...attributes].sort((a, b) => (a.key < b.key ? -1 : 1));
  const draw = (filter) => {
    const words = filter.toLowerCase();
    const shown = words ? sorted.filter((each) => `${each.key}=${text(each.value)}`.toLowerCase().includes(words)) : sorted;
    replace(list, shown.map((each) => row(each, source)), shown.length === 0 && h("div", { class: "muted" }, "No attribute matches."));
  };
  draw("");
  if (attributes.length < FILTER_FROM) return list;
  const input = h("input", { type: "search", placeholder: `Filter ${format.count(attributes.length)} attributes`, "aria-label": `Filter the ${name}`, spellcheck: "false", autocomplete: "off", on: { input: () => draw(input.value.trim()) } });
  return h("div", {}, input, list);
}

function row(attribute, source) {
  const { key, type, value, cut } = attribute;
  return h("div", { class: "attribute" },
    h("dt", {}, h("span", { class: "key" }, format.label(key, 300) || "(empty key)"), type !== "string" && h("span", { class: "type" }, type)),
    h("dd", { class: `value value-${type}` }, valueElement(attribute),
      cut && h("p", { class: "muted" }, "Cut at 64 KiB. ", source && h("a", { href: apiUrl(`traces/${pathPart(source.trace)}/spans/${pathPart(source.span)}/attributes/${pathPart(key)}`).href, target: "_blank", rel: "noopener" }, "Open the whole value"))),
    copyButton(() => text(value), `the value of ${format.label(key, 60)}`));
}
