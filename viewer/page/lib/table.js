// A table that sorts by its columns.

import { button, h, replace } from "./dom.js";

/**
 * Shows rows in a table. A column is `{ name, title, value(row), show(row), number, className }`: `value` sorts,
 * `show` returns the content. Clicking a heading sorts, descending first for numbers.
 */
export function sortableTable({ caption, columns, rows, sort = 0, descending, rowClass, limit = Infinity }) {
  const table = h("table", { class: "data" });
  let column = sort;
  let down = descending ?? Boolean(columns[sort].number);
  let most = limit;

  function draw() {
    const key = columns[column].value;
    const sorted = [...rows].sort((a, b) => compare(key(a), key(b)) * (down ? -1 : 1));
    const focused = [...table.querySelectorAll("th button")].indexOf(document.activeElement);
    replace(
      table,
      h("caption", { class: "hidden" }, caption),
      h("thead", {}, h("tr", {}, columns.map((each, index) =>
        h("th", { scope: "col", class: each.number ? "number" : null, title: each.title, "aria-sort": index === column ? (down ? "descending" : "ascending") : null },
          button(each.name, { class: "sort", on: { click: () => sortBy(index) } }))))),
      h("tbody", {}, sorted.slice(0, most).map((row) =>
        h("tr", { class: rowClass?.(row) }, columns.map((each, index) =>
          h(index === 0 ? "th" : "td", { scope: index === 0 ? "row" : null, class: [each.number ? "number" : "", each.className ?? ""].join(" ").trim() || null }, each.show(row)))))),
      sorted.length > most && h("tfoot", {}, h("tr", {}, h("td", { colspan: columns.length }, button(`Show all ${sorted.length} rows`, { on: { click: () => { most = Infinity; draw(); } } })))),
    );
    if (focused >= 0) table.querySelectorAll("th button")[focused].focus();
  }

  function sortBy(index) {
    down = index === column ? !down : Boolean(columns[index].number);
    column = index;
    draw();
  }

  draw();
  return h("div", { class: "table-box", tabindex: 0, role: "region", "aria-label": caption }, table);
}

function compare(a, b) {
  if (a === b) return 0;
  if (a === undefined || a === null) return -1;
  if (b === undefined || b === null) return 1;
  return a < b ? -1 : 1;
}
