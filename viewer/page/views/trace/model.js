// What is shown of one trace: its rows, which of them are collapsed or filtered out, the visible range of time,
// and the selected span. The rows come from the API in print order, parents before children.

/** The shortest visible range, in nanoseconds. */
const SHORTEST_VIEW = 10;

/** Fires `rows` (other rows are visible), `view` (the range of time changed), `select` and `data`. */
export class TraceModel extends EventTarget {
  constructor(data) {
    super();
    this.collapsed = new Set();
    this.unfolded = new Set();
    this.fold = false;
    this.matches = null;
    this.onlyMatches = false;
    this.minimum = 0;
    this.selected = null;
    this.setData(data);
    this.view = { from: 0, to: this.duration };
  }

  /** Takes a newer state of the trace. Collapsed rows, the selected span and a zoom stay. */
  setData(data) {
    const whole = !this.view || (this.view.from === 0 && this.view.to === this.duration);
    this.data = data;
    this.rows = data.spans;
    this.index = new Map(this.rows.map((row, index) => [row.id, index]));
    this.duration = Math.max(1, data.summary.duration, ...bounds(this.rows));
    this.end = subtreeEnds(this.rows);
    this.joined = new Map();
    this.order = null;
    if (whole) this.view = { from: 0, to: this.duration };
    this.hasTokens = this.rows.some((row) => row.tokens);
    this.hasCost = this.rows.some((row) => row.cost !== undefined);
    this.hasLike = this.rows.some((row) => row.like !== undefined);
    this.emit("data");
  }

  emit(type) {
    this.dispatchEvent(new Event(type));
  }

  service(row) {
    return this.data.resources[row.resource]?.service ?? "unknown";
  }

  hasChildren(index) {
    return this.end[index] > index + 1;
  }

  /**
   * Returns the visible rows in order: an index, or `{ fold, indexes, depth }` for the rest of a group of like
   * siblings.
   */
  visible() {
    if (this.order) return this.order;
    const keep = this.kept();
    const order = [];
    const folds = new Map();
    for (let index = 0; index < this.rows.length; ) {
      const row = this.rows[index];
      if (keep && !keep.has(index)) {
        index += 1;
        continue;
      }
      const group = this.fold && row.like !== undefined ? `${row.parent ?? ""}:${row.like}` : null;
      if (group !== null && !this.unfolded.has(group)) {
        const fold = folds.get(group);
        if (fold) {
          fold.indexes.push(index);
          if (fold.indexes.length === 1) order.push(fold);
          index = this.end[index];
          continue;
        }
        folds.set(group, { fold: group, depth: row.depth, indexes: [] });
      }
      order.push(index);
      index = this.collapsed.has(row.id) ? this.end[index] : index + 1;
    }
    this.order = order;
    return order;
  }

  /** The rows that the filters keep, with their ancestors. Returns `null` without a filter. */
  kept() {
    const byMatch = this.onlyMatches && this.matches;
    if (!byMatch && !this.minimum) return null;
    const keep = new Set();
    for (let index = 0; index < this.rows.length; index += 1) {
      if (byMatch && !this.matches.has(index)) continue;
      if (this.rows[index].duration < this.minimum) continue;
      for (let at = index; at !== undefined && !keep.has(at); at = this.rows[at].parent) keep.add(at);
    }
    return keep;
  }

  changed() {
    this.order = null;
    this.emit("rows");
  }

  toggle(index, shut = !this.collapsed.has(this.rows[index].id)) {
    if (shut) this.collapsed.add(this.rows[index].id);
    else this.collapsed.delete(this.rows[index].id);
    this.changed();
  }

  collapseAll() {
    for (let index = 0; index < this.rows.length; index += 1) {
      if (this.hasChildren(index)) this.collapsed.add(this.rows[index].id);
    }
    this.changed();
  }

  expandAll() {
    this.collapsed.clear();
    this.changed();
  }

  /** Collapses or expands the rows of one level: the deepest that is open, or the highest that is shut. */
  oneLevel(shut) {
    let level = shut ? -1 : Infinity;
    const candidates = [];
    for (const index of this.visible()) {
      if (typeof index !== "number" || !this.hasChildren(index)) continue;
      const row = this.rows[index];
      if (this.collapsed.has(row.id) === shut) continue;
      level = shut ? Math.max(level, row.depth) : Math.min(level, row.depth);
      candidates.push(row);
    }
    for (const row of candidates.filter(({ depth }) => depth === level)) {
      if (shut) this.collapsed.add(row.id);
      else this.collapsed.delete(row.id);
    }
    this.changed();
  }

  setFold(fold) {
    this.fold = fold;
    this.unfolded.clear();
    this.changed();
  }

  unfold(group) {
    this.unfolded.add(group);
    this.changed();
  }

  /** Sets the rows that a search found, as a set of indexes, or `null`. */
  setMatches(matches) {
    this.matches = matches;
    this.changed();
  }

  setFilter({ onlyMatches = this.onlyMatches, minimum = this.minimum }) {
    Object.assign(this, { onlyMatches, minimum });
    this.changed();
  }

  /** Opens the ancestors of a row, so that it is visible. */
  open(index) {
    let changed = false;
    for (let at = this.rows[index].parent; at !== undefined; at = this.rows[at].parent) {
      changed = this.collapsed.delete(this.rows[at].id) || changed;
    }
    const { like, parent } = this.rows[index];
    if (this.fold && like !== undefined && !this.visible().includes(index)) {
      this.unfolded.add(`${parent ?? ""}:${like}`);
      changed = true;
    }
    if (changed) this.changed();
  }

  setView(from, to) {
    const length = Math.min(this.duration, Math.max(SHORTEST_VIEW, to - from));
    const start = Math.min(Math.max(0, from), this.duration - length);
    this.view = { from: start, to: start + length };
    this.emit("view");
  }

  /** Zooms around a place between 0 (left) and 1 (right). */
  zoom(factor, at = 0.5) {
    const length = this.view.to - this.view.from;
    const fixed = this.view.from + length * at;
    const next = Math.min(this.duration, Math.max(SHORTEST_VIEW, length * factor));
    this.setView(fixed - next * at, fixed + next * (1 - at));
  }

  /** Moves the visible range by a share of its length. */
  pan(share) {
    const by = (this.view.to - this.view.from) * share;
    this.setView(this.view.from + by, this.view.to + by);
  }

  /** The sections of a row on the critical path. A collapsed row has those of all rows below it, joined. */
  critical(index) {
    if (!this.collapsed.has(this.rows[index].id)) return this.rows[index].critical;
    let sections = this.joined.get(index);
    if (!sections) {
      sections = [];
      for (let at = index; at < this.end[index]; at += 1) sections.push(...this.rows[at].critical);
      sections = join(sections, 0);
      this.joined.set(index, sections);
    }
    return sections;
  }
}

/** Joins sections whose gap is at most `gap`. */
export function join(sections, gap) {
  const sorted = [...sections].sort((a, b) => a[0] - b[0]);
  const result = [];
  for (const [from, to] of sorted) {
    const last = result.at(-1);
    if (last && from <= last[1] + gap) last[1] = Math.max(last[1], to);
    else result.push([from, to]);
  }
  return result;
}

function bounds(rows) {
  let end = 0;
  for (const row of rows) end = Math.max(end, row.start + row.duration);
  return [end];
}

/** For each row, the index after the last row below it. */
function subtreeEnds(rows) {
  const ends = new Array(rows.length);
  const open = [];
  for (let index = 0; index < rows.length; index += 1) {
    while (open.length && rows[open.at(-1)].depth >= rows[index].depth) ends[open.pop()] = index;
    open.push(index);
  }
  while (open.length) ends[open.pop()] = rows.length;
  return ends;
}
