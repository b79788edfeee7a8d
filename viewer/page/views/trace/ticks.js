// Places of the marks on an axis of time.

const PIXELS_BETWEEN_MARKS = 90;

/** Returns round times between two times, and their step: 1, 2 or 5 times a power of ten. */
export function ticks(from, to, width) {
  const rough = (to - from) / Math.max(1, Math.floor(width / PIXELS_BETWEEN_MARKS));
  const power = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const marks = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) marks.push(at);
  return { step, marks: marks.length ? marks : [from] };
}
