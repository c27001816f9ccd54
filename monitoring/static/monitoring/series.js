// What the charts draw, from the rates that the server sends.

export const MINUTES = 5;
const GAP_MS = 15_000;

// The points of the last minutes, each once, oldest first.
export function merge(points, more, now) {
  const byTime = new Map([...points, ...more].map((point) => [point.at, point]));
  return [...byTime.values()].filter((point) => point.at > now - MINUTES * 60_000).sort((a, b) => a.at - b.at);
}

// uPlot's columns: seconds, then one list of values a name. A line breaks where nobody was watching.
export function columns(points, kind, names) {
  const rows = points.flatMap((point, index) =>
    index > 0 && point.at - points[index - 1].at > GAP_MS ? [{ at: point.at - 1 }, point] : [point],
  );
  return [rows.map((row) => row.at / 1000), ...names.map((name) => rows.map((row) => row[kind]?.[name] ?? null))];
}

export const namesOf = (points, kind) => [...new Set(points.flatMap((point) => Object.keys(point[kind])))].sort();

// The averages of each half minute, newest first, for those who read rather than look.
export function halfMinutes(points, kind, names) {
  const groups = new Map();
  for (const point of points) {
    const start = Math.floor(point.at / 30_000) * 30_000;
    groups.set(start, [...(groups.get(start) ?? []), point]);
  }
  return [...groups].reverse().map(([start, some]) => ({
    start,
    values: names.map((name) => some.reduce((sum, point) => sum + (point[kind][name] ?? 0), 0) / some.length),
  }));
}

// Whether bars are drawn on a logarithmic scale: where one stands so far out that the others could not be seen.
export function isSpread(values) {
  const sizes = values.map(Math.abs).filter(Boolean).sort((a, b) => a - b);
  return sizes.length > 1 && sizes.at(-1) > 50 * sizes[Math.floor((sizes.length - 1) / 2)];
}

// Up to so much the logarithmic scale is linear, so that negative bars have a place, too: well below the smallest bar.
export function linearUpTo(values) {
  const sizes = values.map(Math.abs).filter(Boolean);
  return 10 ** Math.floor(Math.log10(Math.max(Math.min(...sizes), Math.max(...sizes) / 1e8)) - 1);
}

// Powers of ten on both sides of zero that lie in the range, not more than `most` of them.
export function powers(low, high, linear, most) {
  const upTo = (end) => {
    const found = [];
    for (let power = linear * 10; power <= end * 1.0001; power *= 10) found.push(power);
    return found;
  };
  const [up, down] = [upTo(high), upTo(-low)];
  const every = Math.ceil((up.length + down.length) / Math.max(1, most));
  const thinned = (found) => found.filter((_, index) => (found.length - 1 - index) % every === 0);
  return [...thinned(down).map((power) => -power).reverse(), 0, ...thinned(up)];
}

// A round number at or above the highest value. It sinks only when half of it would do, so that the scale stays calm.
export function calmTop(highest, present) {
  const power = 10 ** Math.floor(Math.log10(Math.max(highest, 1)));
  const round = [1, 1.5, 2, 3, 5, 7.5, 10].map((step) => step * power).find((top) => top >= highest) ?? 10;
  return present && highest <= present && round > present / 2.5 ? present : Math.max(round, 5);
}
