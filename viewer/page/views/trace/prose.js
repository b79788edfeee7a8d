// Shows the Markdown that models write: headings, lists, code and emphasis. Everything else, links and HTML
// among it, stays text.

import { h } from "../../lib/dom.js";
import { parsed } from "../../lib/values.js";

/** Longer lines are not searched for emphasis. */
const LONGEST_LINE = 4000;
const INLINE = /(`[^`\n]+`|\*\*[^*\n]+\*\*)/;

/** Returns the formatted text, or `null` if it has nothing to format. */
export function formatted(text) {
  const json = parsed(text);
  if (json !== undefined) return h("pre", { class: "block" }, JSON.stringify(json, null, 2));
  if (!/```|^#{1,4} |^\s*([-*]|\d+\.) |\*\*|`/m.test(text)) return null;
  const box = h("div", { class: "prose" });
  let code = null;
  let list = null;
  let paragraph = [];
  const flush = () => {
    if (paragraph.length) box.append(h("p", {}, paragraph.flatMap((line, index) => [index > 0 && "\n", ...inline(line)])));
    paragraph = [];
  };
  for (const line of text.split("\n")) {
    if (/^\s*```/.test(line)) {
      flush();
      list = null;
      if (code) {
        box.append(h("pre", { class: "block" }, code.join("\n")));
        code = null;
      } else code = [];
      continue;
    }
    if (code) {
      code.push(line);
      continue;
    }
    const heading = line.match(/^(#{1,4}) (.*)/);
    const item = line.match(/^(\s*)([-*]|\d+\.) (.*)/);
    if (item) {
      flush();
      const tag = /\d/.test(item[2]) ? "OL" : "UL";
      if (list?.tagName !== tag) {
        list = h(tag.toLowerCase(), tag === "OL" ? { start: Number.parseInt(item[2], 10) } : {});
        box.append(list);
      }
      list.append(h("li", { style: { "margin-left": `${Math.min(6, Math.floor(item[1].length / 2))}em` } }, inline(item[3])));
      continue;
    }
    list = line.trim() === "" ? list : null;
    if (heading) {
      flush();
      box.append(h("p", { class: "heading" }, inline(heading[2])));
    } else if (line.trim() === "") flush();
    else paragraph.push(line);
  }
  flush();
  if (code) box.append(h("pre", { class: "block" }, code.join("\n")));
  return box;
}

function inline(line) {
  if (line.length > LONGEST_LINE) return [line];
  return line.split(INLINE).map((part) => {
    if (part.length > 2 && part.startsWith("`") && part.endsWith("`")) return h("code", {}, part.slice(1, -1));
    if (part.length > 4 && part.startsWith("**") && part.endsWith("**")) return h("strong", {}, part.slice(2, -2));
    return part;
  });
}
