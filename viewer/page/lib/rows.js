// A list that keeps only the visible rows in the document. All rows have the same height.

import { h, oncePerFrame } from "./dom.js";

/** Rows kept in the document above and below the visible ones. */
const OVERSCAN = 12;

export class Rows {
  /**
   * - `scroller`: the element that scrolls; it holds the rows, perhaps below other content
   * - `height()`: the height of a row in pixels
   * - `item(index)`: `{ key, data }` of a row. A row is built again if its key, data or the version changes
   * - `build(index)`: the element of a row
   */
  constructor({ scroller, height, item, build, role = "rowgroup" }) {
    Object.assign(this, { scroller, height, item, build });
    this.element = h("div", { class: "rows", role });
    this.count = 0;
    this.version = 0;
    this.shown = new Map();
    this.draw = oncePerFrame(() => this.drawNow());
    scroller.addEventListener("scroll", this.draw, { passive: true });
    this.observer = new ResizeObserver(this.draw);
    this.observer.observe(scroller);
  }

  destroy() {
    this.draw.cancel();
    this.observer.disconnect();
    this.scroller.removeEventListener("scroll", this.draw);
  }

  /** Sets the number of rows. With `anchor`, the first visible row stays where it is. */
  setCount(count, { anchor = false } = {}) {
    const top = anchor ? this.firstVisible() : null;
    this.count = count;
    this.element.style.height = `${count * this.height()}px`;
    if (top) this.restore(top);
    this.drawNow();
  }

  /** Builds all visible rows again. */
  refresh() {
    this.version += 1;
    this.draw();
  }

  /** The distance from the top of the scroller's content to the first row. */
  offset() {
    const inner = this.element.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top;
    return inner + this.scroller.scrollTop;
  }

  range() {
    const height = this.height();
    const top = this.scroller.scrollTop - this.offset();
    return [Math.floor(top / height), Math.ceil((top + this.scroller.clientHeight) / height)];
  }

  firstVisible() {
    const [from] = this.range();
    if (from <= 0) return null;
    for (const [, row] of this.shown) {
      if (row.index === from) return { key: row.key, shift: this.scroller.scrollTop - from * this.height() };
    }
    return null;
  }

  restore({ key, shift }) {
    for (let index = 0; index < this.count; index += 1) {
      if (this.item(index).key === key) {
        this.scroller.scrollTop = index * this.height() + shift;
        return;
      }
    }
  }

  /** Scrolls so that a row is visible, in the middle if it was not. */
  reveal(index, margin = 0) {
    const height = this.height();
    const top = this.offset() + index * height;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop + margin || top + height > scrollTop + clientHeight) {
      this.scroller.scrollTop = Math.max(0, top - clientHeight / 2);
      this.drawNow();
    }
  }

  drawNow() {
    if (!this.element.isConnected) return;
    const height = this.height();
    const [from, to] = this.range();
    const first = Math.max(0, from - OVERSCAN);
    const last = Math.min(this.count, to + OVERSCAN);
    const focus = this.focused();
    const kept = new Map();
    for (let index = first; index < last; index += 1) {
      const { key, data } = this.item(index);
      let row = this.shown.get(key);
      if (!row || row.data !== data || row.version !== this.version || row.height !== height) {
        row?.element.remove();
        row = { key, data, height, version: this.version, element: this.build(index) };
      }
      this.shown.delete(key);
      if (row.index !== index || !row.element.isConnected) {
        row.index = index;
        row.element.style.transform = `translateY(${index * height}px)`;
        row.element.style.height = `${height}px`;
      }
      kept.set(key, row);
    }
    for (const row of this.shown.values()) row.element.remove();
    // The document's order is the rows' order, for readers and for the tab key.
    let before = this.element.firstChild;
    for (const row of kept.values()) {
      if (row.element === before) before = before.nextSibling;
      else this.element.insertBefore(row.element, before);
    }
    this.shown = kept;
    if (focus) kept.get(focus.key)?.element.querySelectorAll("a, button, input")[focus.nth]?.focus({ preventScroll: true });
  }

  /** The element inside a row that has the focus, so that it keeps it when its row is built again. */
  focused() {
    const active = document.activeElement;
    if (!active || active === this.element || !this.element.contains(active)) return null;
    for (const row of this.shown.values()) {
      const nth = [...row.element.querySelectorAll("a, button, input")].indexOf(active);
      if (nth >= 0) return { key: row.key, nth };
    }
    return null;
  }
}
