// Keyboard shortcuts, and the dialog that lists them.

import { button, h } from "./dom.js";
import { icon } from "./icons.js";

/** How long the second key of `g t` may take. */
const SEQUENCE_MILLISECONDS = 1000;

const groups = new Map();
let prefix = "";
let prefixTimer = 0;

/**
 * Adds shortcuts under a heading. A shortcut is `{ keys, text, run }`; keys are as in `event.key`, with `ctrl+`
 * in front, or two with a space for a sequence. With `always`, it also works in a field. Returns a function
 * that removes the group.
 */
export function bind(heading, shortcuts) {
  groups.set(heading, shortcuts);
  return () => groups.get(heading) === shortcuts && groups.delete(heading);
}

export function listen() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.metaKey) return;
    if (document.querySelector("dialog[open]")) return;
    const field = event.target.closest?.("input, select, textarea, [contenteditable]");
    const key = (event.ctrlKey ? "ctrl+" : "") + event.key;
    const sequence = prefix ? `${prefix} ${key}` : "";
    const all = [...groups.values()].flat();
    const found = all.find(({ keys, always }) => (always || !field) && (keys.includes(sequence) || keys.includes(key)));
    clearTimeout(prefixTimer);
    prefix = "";
    if (found) {
      if (found.run(event) !== false) event.preventDefault();
    } else if (!field && all.some(({ keys }) => keys.some((name) => name.startsWith(`${key} `)))) {
      prefix = key;
      prefixTimer = setTimeout(() => (prefix = ""), SEQUENCE_MILLISECONDS);
    }
  });
}

export function showHelp() {
  const names = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "esc", Enter: "enter" };
  const dialog = h(
    "dialog",
    { class: "help", "aria-label": "Keyboard shortcuts" },
    h("div", { class: "bar" }, h("h2", {}, "Keyboard shortcuts"), button("Close", { class: "quiet", "aria-label": "Close", on: { click: () => dialog.close() } }, icon("close"))),
    [...groups].reverse().map(([heading, shortcuts]) => [
      h("h3", {}, heading),
      h("dl", {}, shortcuts.filter(({ text }) => text).map(({ keys, text }) => [
        h("dt", {}, keys.map((key) => [h("kbd", {}, key.split(/[ +]/).map((part) => names[part] ?? part).join(" ")), " "])),
        h("dd", {}, text),
      ])),
    ]),
  );
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
}
